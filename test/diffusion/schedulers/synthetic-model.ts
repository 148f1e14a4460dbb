// The synthetic model of the sampler goldens: the ideal denoiser of a Gaussian, bent a little. The same formula is in
// training/golden/synthetic.py, where the references ran on it in float64.
import type { NoiseScheduleConfig } from '#diffusion/schedulers/scheduler.ts'

export const MEAN = [0.3, -0.7, 1.1] as const
export const UNCONDITIONAL_MEAN = [-0.2, 0.4, 0.5] as const
export const SIZE = MEAN.length
const DEVIATION = 0.5

/** What a U-Net of this prediction type would say to a unit-variance input at σ. float32 [3]. */
export function syntheticOutput(
  type: NoiseScheduleConfig['predictionType'],
  unitInput: Float32Array,
  sigma: number,
  means: readonly number[] = MEAN,
): Float32Array {
  const signal = 1 / Math.sqrt(1 + sigma * sigma)
  const scale = sigma * signal
  return unitInput.map((u, i) => {
    const mean = means[i % means.length] ?? 0
    const ideal = (mean * sigma ** 2 + (DEVIATION ** 2 * u) / signal) / (sigma ** 2 + DEVIATION ** 2)
    const original = ideal + ((0.05 * sigma) / (1 + sigma)) * Math.sin(2 * u + mean)
    if (type === 'sample') return original
    const epsilon = (u - signal * original) / scale
    return type === 'epsilon' ? epsilon : signal * epsilon - scale * original
  })
}
