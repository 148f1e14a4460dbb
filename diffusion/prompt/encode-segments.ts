// Segments → prompt embeds of one text encoder: chunk, frame, encode each chunk, weigh it, join the chunks end to end.
import type { Weighting } from '#contracts/recipe.ts'
import { CHUNKS_MAX, type Chunk, type PromptTokenizer } from './chunk.ts'
import { weighAsA1111, weighAsCompel } from './weigh-embeds.ts'

export interface ChunkEncoder {
  readonly tokenizer: PromptTokenizer & {
    /** int32 [length]: special tokens around the ids, padded. */
    frame(body: readonly number[]): Int32Array
  }
  /** One framed chunk → float32 [length, width], and the pooled embedding where the encoder gives one. */
  encode(ids: Int32Array): Promise<EncodedChunk>
}

export interface EncodedChunk {
  readonly hidden: Float32Array
  readonly width: number
  readonly pooled: Float32Array | undefined
}

/**
 * float32 [chunks * length, width]; the pooled embedding is the first chunk's, as in A1111.
 *
 * @param chunkCount chunks to return, at least `chunks.length`: prompt and negative prompt go through the U-Net in one batch, so
 * the shorter is filled up with empty chunks. A prompt of one chunk with no weights is exactly what the encoder returned.
 */
export async function encodeChunks(
  encoder: ChunkEncoder,
  chunks: readonly Chunk[],
  chunkCount: number,
  weighting: Weighting,
): Promise<EncodedChunk> {
  const { tokenizer } = encoder
  if (chunkCount < Math.max(1, chunks.length)) {
    throw new RangeError(`${chunks.length} chunks do not fit into ${chunkCount}`)
  }
  if (chunkCount > CHUNKS_MAX) {
    throw new RangeError(
      `A prompt has at most ${CHUNKS_MAX} chunks of ${tokenizer.bodyLength} tokens, got ${chunkCount}`,
    )
  }
  let empty: EncodedChunk | undefined
  const encodeEmpty = async () => {
    empty ??= await encoder.encode(tokenizer.frame([]))
    return empty
  }
  const encoded: EncodedChunk[] = []
  for (let at = 0; at < chunkCount; at++) {
    const chunk = chunks[at] ?? []
    if (chunk.length === 0) {
      encoded.push(await encodeEmpty())
      continue
    }
    const ids = chunk.map(({ id }) => id)
    const framed = tokenizer.frame(ids)
    const plain = await encoder.encode(framed)
    const weights = frameWeights(framed, ids, chunk)
    const weighed = { hidden: plain.hidden, width: plain.width, weights }
    const isWeighted = weighting !== 'none' && chunk.some(({ weight }) => weight !== 1)
    if (!isWeighted) encoded.push(plain)
    else if (weighting === 'a1111') encoded.push({ ...plain, hidden: weighAsA1111(weighed) })
    else encoded.push({ ...plain, hidden: weighAsCompel(weighed, (await encodeEmpty()).hidden) })
  }
  const [first] = encoded
  if (first === undefined) throw new RangeError('A prompt has at least one chunk')
  return encoded.length === 1 ? first : { ...first, hidden: joinRows(encoded.map(({ hidden }) => hidden)) }
}

/** float32 [length]: the tokens' weights where `frame` put them, 1 elsewhere. */
function frameWeights(framed: Int32Array, ids: readonly number[], chunk: Chunk): Float32Array {
  const start = framed.findIndex((_, at) => ids.every((id, index) => framed[at + index] === id))
  if (start < 0) throw new RangeError('The tokenizer frames a chunk without keeping its ids together')
  const weights = new Float32Array(framed.length).fill(1)
  chunk.forEach(({ weight }, index) => {
    weights[start + index] = weight
  })
  return weights
}

function joinRows(parts: readonly Float32Array[]): Float32Array {
  const joined = new Float32Array(parts.reduce((size, part) => size + part.length, 0))
  let offset = 0
  for (const part of parts) {
    joined.set(part, offset)
    offset += part.length
  }
  return joined
}
