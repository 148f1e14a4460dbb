// Classifier-free guidance (Ho & Salimans, arXiv 2207.12598), composed over several prompts (Liu et al., arXiv 2206.01714),
// and its rescale (Lin et al., arXiv 2305.08891, section 3.4).

export interface WeightedOutput {
  /** float32 [size]. */
  readonly output: Float32Array
  readonly weight: number
}

/**
 * `unconditional + scale * Σ weight * (conditional - unconditional)`, float32 [size].
 * 0 follows the negative prompt alone; below 0 runs away from the prompt.
 */
export function guide(
  conditional: readonly WeightedOutput[],
  unconditional: Float32Array,
  scale: number,
): Float32Array {
  const guided = unconditional.slice()
  for (const { output, weight } of conditional) {
    for (let i = 0; i < guided.length; i++) {
      guided[i] = (guided[i] ?? 0) + scale * weight * ((output[i] ?? 0) - (unconditional[i] ?? 0))
    }
  }
  return guided
}

/** Strong guidance overexposes: brings the guided output's deviation `share` of the way back to the conditional one's. */
export function rescaleGuidance(guided: Float32Array, conditional: Float32Array, share: number): Float32Array {
  const factor = share * (deviation(conditional) / deviation(guided)) + (1 - share)
  return guided.map((value) => value * factor)
}

function deviation(values: Float32Array): number {
  let sum = 0
  for (const value of values) sum += value
  const mean = sum / values.length
  let squares = 0
  for (const value of values) squares += (value - mean) ** 2
  return Math.sqrt(squares / (values.length - 1))
}
