// The two scalings a noisy sample may be kept in between calls. Variance exploding: x₀ + σ·ε, scaled down for the U-Net.
// Variance preserving: √ᾱ·x₀ + √(1-ᾱ)·ε, which is what the U-Net was trained on.
import { at } from './noise-schedule.ts'
import { unitVarianceInput } from './prediction.ts'
import type { ModelCall, Scheduler } from './scheduler.ts'
import { combine2 } from './vector.ts'

type Scaling = Pick<Scheduler, 'scaleModelInput' | 'addNoise'>

/** Samples stay at x₀ + σ·ε with the σ of their call. */
export function varianceExploding(calls: readonly ModelCall[]): Scaling {
  const sigmaAt = (index: number): number => {
    const call = calls[index]
    if (call === undefined) throw new RangeError(`Call index is 0 to ${calls.length - 1}, got ${index}`)
    return call.sigma
  }
  return {
    scaleModelInput: (sample, index) => unitVarianceInput(sigmaAt(index), sample),
    addNoise: (original, noise, index) => combine2(1, original, sigmaAt(index), noise),
  }
}

/** Samples stay at √ᾱ·x₀ + √(1-ᾱ)·ε; `alphasCumprod` has one ᾱ per call. */
export function variancePreserving(alphasCumprod: ArrayLike<number>): Scaling {
  return {
    scaleModelInput: (sample) => sample,
    addNoise(original, noise, index) {
      const alpha = at(alphasCumprod, index)
      return combine2(Math.sqrt(alpha), original, Math.sqrt(1 - alpha), noise)
    },
  }
}
