// Stages 1 and 2: prompt and negative prompt → the embeddings one run is conditioned on.
import type { Model } from '../model/load-model.ts'
import type { TextEmbeds, TextEncoder } from '../model/text-encoder.ts'
import type { Conditioning } from '../model/unet.ts'

/** SDXL conditions on the layer before the last, of both encoders; one encoder alone gives its last. */
const SDXL_SKIP_LAYERS = 1

/** @returns what the text says, float32 [length, width], and the pooled embedding where the U-Net takes one. */
export async function encodePrompt(model: Model, prompt: string): Promise<Conditioning> {
  const skipLayers = model.unet.takesPooledText ? SDXL_SKIP_LAYERS : 0
  const embeds: TextEmbeds[] = []
  for (const encoder of model.textEncoders) embeds.push(await encodeText(encoder, prompt, skipLayers))
  return {
    hidden: joinWidths(embeds),
    width: embeds.reduce((sum, { width }) => sum + width, 0),
    pooled: model.unet.takesPooledText ? embeds.at(-1)?.pooled : undefined,
  }
}

/** The negative prompt; an empty one is zeros for models trained that way. */
export async function encodeNegativePrompt(model: Model, negativePrompt: string): Promise<Conditioning> {
  const encoded = await encodePrompt(model, negativePrompt)
  if (negativePrompt !== '' || !model.zerosForEmptyNegative) return encoded
  return {
    hidden: new Float32Array(encoded.hidden.length),
    width: encoded.width,
    pooled: encoded.pooled && new Float32Array(encoded.pooled.length),
  }
}

async function encodeText({ tokenizer, encode }: TextEncoder, text: string, skipLayers: number): Promise<TextEmbeds> {
  return encode(tokenizer.frame(tokenizer.tokenize(text).slice(0, tokenizer.bodyLength)), skipLayers)
}

/** [length, a] and [length, b] → [length, a + b]. */
function joinWidths(embeds: readonly TextEmbeds[]): Float32Array {
  const [only] = embeds
  if (embeds.length === 1 && only !== undefined) return only.hidden
  const width = embeds.reduce((sum, embed) => sum + embed.width, 0)
  const length = Math.max(...embeds.map(({ hidden, width }) => hidden.length / width))
  const joined = new Float32Array(length * width)
  let column = 0
  for (const { hidden, width: own } of embeds) {
    for (let row = 0; row < length; row++) joined.set(hidden.subarray(row * own, (row + 1) * own), row * width + column)
    column += own
  }
  return joined
}
