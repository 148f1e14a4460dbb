// Weights on a text encoder's output, as pure functions. Both leave embeds untouched (the same array) where every weight is 1.

/** One chunk: `hidden` float32 [length, width] row by row, `weights` float32 [length], special tokens and padding at 1. */
export interface WeighedChunk {
  readonly hidden: Float32Array
  readonly width: number
  readonly weights: Float32Array
}

/**
 * A1111: each token's embedding times its weight, then the whole chunk scaled so that its mean is what it was.
 * Source: modules/sd_hijack_clip.py process_tokens and sd_emphasis.py "Original", AUTOMATIC1111/stable-diffusion-webui.
 * @returns float32 [length, width].
 */
export function weighAsA1111({ hidden, width, weights }: WeighedChunk): Float32Array {
  if (isPlain(weights)) return hidden
  const weighed = new Float32Array(hidden.length)
  for (let row = 0; row < weights.length; row++) {
    const weight = weights[row] ?? 1
    for (let at = row * width; at < (row + 1) * width; at++) weighed[at] = (hidden[at] ?? 0) * weight
  }
  const mean = meanOf(weighed)
  // A mean of zero cannot be scaled to anything; the weighted embeds stand as they are.
  const scale = mean === 0 ? 1 : meanOf(hidden) / mean
  return weighed.map((value) => value * scale)
}

/**
 * Along the line from the empty prompt: `empty + weight * (hidden - empty)`, what compel does for weights above 1 and ComfyUI for
 * all of them. Changes what is said about a word without changing the others' scale.
 * @param empty the same chunk encoded from the empty prompt, float32 [length, width].
 * @returns float32 [length, width].
 */
export function weighAsCompel({ hidden, width, weights }: WeighedChunk, empty: Float32Array): Float32Array {
  if (isPlain(weights)) return hidden
  if (empty.length !== hidden.length) {
    throw new RangeError(`The empty prompt's embeds have ${empty.length} values, the prompt's ${hidden.length}`)
  }
  const weighed = new Float32Array(hidden.length)
  for (let row = 0; row < weights.length; row++) {
    const weight = weights[row] ?? 1
    for (let at = row * width; at < (row + 1) * width; at++) {
      const base = empty[at] ?? 0
      weighed[at] = base + weight * ((hidden[at] ?? 0) - base)
    }
  }
  return weighed
}

export function isPlain(weights: Float32Array): boolean {
  return weights.every((weight) => weight === 1)
}

function meanOf(values: Float32Array): number {
  let sum = 0
  for (const value of values) sum += value
  return sum / values.length
}
