// Turns what the U-Net predicts (noise, velocity or the sample itself) into the clean latents and the noise, once for all
// samplers. Two scalings of a noisy sample: variance preserving √ᾱ·x₀ + √(1-ᾱ)·ε, and variance exploding x₀ + σ·ε.
import type { NoiseScheduleConfig } from './scheduler.ts'
import { combine2, scale } from './vector.ts'

type PredictionType = NoiseScheduleConfig['predictionType']

/** Clean latents x₀ from a variance-preserving sample at ᾱ. float32 [size]. */
export function originalFromVp(
  type: PredictionType,
  alphaCumprod: number,
  sample: Float32Array,
  modelOutput: Float32Array,
): Float32Array {
  const signal = Math.sqrt(alphaCumprod)
  const noise = Math.sqrt(1 - alphaCumprod)
  switch (type) {
    case 'epsilon':
      return combine2(1 / signal, sample, -noise / signal, modelOutput)
    case 'v_prediction':
      return combine2(signal, sample, -noise, modelOutput)
    case 'sample':
      return modelOutput
    default:
      throw type satisfies never
  }
}

/** The noise ε in a variance-preserving sample at ᾱ. float32 [size]. */
export function noiseFromVp(
  type: PredictionType,
  alphaCumprod: number,
  sample: Float32Array,
  modelOutput: Float32Array,
): Float32Array {
  const signal = Math.sqrt(alphaCumprod)
  const noise = Math.sqrt(1 - alphaCumprod)
  switch (type) {
    case 'epsilon':
      return modelOutput
    case 'v_prediction':
      return combine2(noise, sample, signal, modelOutput)
    case 'sample':
      return combine2(1 / noise, sample, -signal / noise, modelOutput)
    default:
      throw type satisfies never
  }
}

/** Clean latents x₀ from a variance-exploding sample at σ; k-diffusion calls them `denoised`. float32 [size]. */
export function originalFromVe(
  type: PredictionType,
  sigma: number,
  sample: Float32Array,
  modelOutput: Float32Array,
): Float32Array {
  const variance = 1 + sigma * sigma
  switch (type) {
    case 'epsilon':
      return combine2(1, sample, -sigma, modelOutput)
    case 'v_prediction':
      return combine2(1 / variance, sample, -sigma / Math.sqrt(variance), modelOutput)
    case 'sample':
      return modelOutput
    default:
      throw type satisfies never
  }
}

/** What the U-Net, trained on unit variance, is fed for a variance-exploding sample. float32 [size]. */
export function unitVarianceInput(sigma: number, sample: Float32Array): Float32Array {
  return scale(1 / Math.sqrt(1 + sigma * sigma), sample)
}
