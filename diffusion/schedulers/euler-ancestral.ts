// Euler with fresh noise after each step, after k-diffusion's "Euler ancestral". Pictures keep changing with the step count,
// because the noise never stops. Variance exploding.
import { ancestralStep } from './ancestral.ts'
import { restoreNothing } from './history.ts'
import { at, type NoiseSchedule } from './noise-schedule.ts'
import { originalFromVe } from './prediction.ts'
import { varianceExploding } from './scaling.ts'
import type { Scheduler } from './scheduler.ts'
import { oneCallPerStep, type StepSchedule } from './step-schedule.ts'
import { combine2, combine3 } from './vector.ts'

export interface AncestralOptions {
  /** Share of the diffusion process's own noise added each step, 1 unless given. */
  readonly eta: number
  /** Scale of the fresh noise. */
  readonly sNoise: number
}

export function createEulerAncestral(
  levels: StepSchedule,
  noise: NoiseSchedule,
  { eta, sNoise }: AncestralOptions,
): Scheduler {
  const { predictionType } = noise.config
  const calls = oneCallPerStep(levels)
  return {
    calls,
    initNoiseSigma: levels.initialSigma,
    ...varianceExploding(calls),
    step({ modelOutput, index, sample, noise: source }) {
      const sigma = at(levels.sigmas, index)
      const { down, up } = ancestralStep(sigma, at(levels.sigmas, index + 1), eta)
      const denoised = originalFromVe(predictionType, sigma, sample, modelOutput)
      const ratio = down / sigma
      const next =
        up === 0
          ? combine2(ratio, sample, 1 - ratio, denoised)
          : combine3(ratio, sample, 1 - ratio, denoised, sNoise * up, source.next(sample.length))
      return { sample: next, predictedOriginal: denoised }
    },
    history: [],
    restore: restoreNothing,
  }
}
