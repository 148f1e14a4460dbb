// Latent consistency models (Luo et al. 2023, arXiv 2310.04378, algorithm 3): the model jumps straight to clean latents, which
// are noised again to the next level. Two to eight steps, with models distilled for it. Variance preserving.
import { restoreNothing } from './history.ts'
import { at, type NoiseSchedule } from './noise-schedule.ts'
import { originalFromVp } from './prediction.ts'
import { variancePreserving } from './scaling.ts'
import type { Scheduler } from './scheduler.ts'
import { oneCallPerStep, type StepSchedule } from './step-schedule.ts'
import { combine2 } from './vector.ts'

/** Standard deviation of the data and the factor on timesteps in the boundary condition, as the models were distilled with. */
const SIGMA_DATA = 0.5
const TIMESTEP_SCALING = 10

export interface LcmOptions {
  /** Scale of the fresh noise. */
  readonly sNoise: number
}

export function createLcm(levels: StepSchedule, noise: NoiseSchedule, { sNoise }: LcmOptions): Scheduler {
  const { predictionType } = noise.config
  const alphas = levels.alphasCumprod
  return {
    calls: oneCallPerStep(levels),
    initNoiseSigma: 1,
    ...variancePreserving(alphas),
    step({ modelOutput, index, sample, noise: source }) {
      const original = originalFromVp(predictionType, at(alphas, index), sample, modelOutput)
      // The boundary condition: at timestep 0 the sample itself is the answer.
      const scaled = at(levels.timesteps, index) * TIMESTEP_SCALING
      const keep = SIGMA_DATA ** 2 / (scaled ** 2 + SIGMA_DATA ** 2)
      const replace = scaled / Math.hypot(scaled, SIGMA_DATA)
      const denoised = combine2(replace, original, keep, sample)
      if (index + 1 === levels.steps) return { sample: denoised, predictedOriginal: denoised }
      const alphaNext = at(alphas, index + 1)
      const next = combine2(
        Math.sqrt(alphaNext),
        denoised,
        sNoise * Math.sqrt(1 - alphaNext),
        source.next(sample.length),
      )
      return { sample: next, predictedOriginal: denoised }
    },
    history: [],
    restore: restoreNothing,
  }
}
