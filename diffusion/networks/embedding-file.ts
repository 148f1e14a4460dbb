// A textual-inversion file (arXiv 2208.01618) in its three layouts: diffusers' (one tensor named by its token), A1111's
// (`emb_params`) and SDXL's (`clip_l` and `clip_g`) → vectors by text encoder.
import { readSafetensors, type SafeTensor, toFloat32 } from './safetensors.ts'

export interface EmbeddingVectors {
  /** How many token embeddings stand for the word. */
  readonly count: number
  readonly width: number
  /** float32 [count, width]. */
  readonly data: Float32Array
}

export interface EmbeddingFile {
  /** Made for one text encoder of the width, whichever that is; or for SDXL's two. */
  readonly parts: Partial<Record<'text_encoder' | 'text_encoder_2', EmbeddingVectors>>
}

/** Past this a "word" fills most of CLIP's window of 75. */
const VECTORS_MAX = 64

/** @throws RangeError naming the rule. Pickled files (.pt, .bin) can run code when read and are refused by `models add`. */
export function readEmbedding(bytes: Uint8Array, file: string): EmbeddingFile {
  const { tensors } = readSafetensors(bytes, file)
  const large = tensors.get('clip_l')
  const giant = tensors.get('clip_g')
  if (large !== undefined && giant !== undefined) {
    const parts = { text_encoder: vectors(large, 'clip_l', file), text_encoder_2: vectors(giant, 'clip_g', file) }
    if (parts.text_encoder.count !== parts.text_encoder_2.count)
      throw new RangeError(
        `${file}: clip_l and clip_g have as many vectors as each other, not ${parts.text_encoder.count} and ${parts.text_encoder_2.count}`,
      )
    return { parts }
  }
  const [first, ...others] = tensors
  const [name, tensor] = tensors.has('emb_params') ? ['emb_params', tensors.get('emb_params')] : (first ?? [])
  if (name === undefined || tensor === undefined || (others.length > 0 && name !== 'emb_params'))
    throw new RangeError(
      `${file}: an embedding is one tensor, emb_params, or clip_l and clip_g; this file has ${[...tensors.keys()].slice(0, 5).join(', ') || 'nothing'}`,
    )
  return { parts: { text_encoder: vectors(tensor, name, file) } }
}

function vectors(tensor: SafeTensor, name: string, file: string): EmbeddingVectors {
  const [count, width] = tensor.shape.length === 1 ? [1, tensor.shape[0]] : tensor.shape
  if (tensor.shape.length > 2 || !count || !width || count > VECTORS_MAX)
    throw new RangeError(
      `${file}: ${name} is [width] or [1 to ${VECTORS_MAX}, width], not [${tensor.shape.join(', ')}]`,
    )
  return { count, width, data: toFloat32(tensor, name) }
}
