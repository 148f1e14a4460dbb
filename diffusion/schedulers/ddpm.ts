// DDPM (Ho et al. 2020, arXiv 2006.11239, algorithm 2): samples each level from the posterior given the predicted clean
// latents, with the smaller of the paper's two variances. Made for many steps. Variance preserving.
import { restoreNothing } from './history.ts'
import { at, type NoiseSchedule } from './noise-schedule.ts'
import { originalFromVp } from './prediction.ts'
import { variancePreserving } from './scaling.ts'
import type { Scheduler } from './scheduler.ts'
import { oneCallPerStep, type StepSchedule } from './step-schedule.ts'
import { combine2, combine3 } from './vector.ts'

export interface DdpmOptions {
  /** Scale of the fresh noise. */
  readonly sNoise: number
}

export function createDdpm(levels: StepSchedule, noise: NoiseSchedule, { sNoise }: DdpmOptions): Scheduler {
  const { predictionType } = noise.config
  const alphas = levels.alphasCumprod
  return {
    calls: oneCallPerStep(levels),
    initNoiseSigma: 1,
    ...variancePreserving(alphas),
    step({ modelOutput, index, sample, noise: source }) {
      const alpha = at(alphas, index)
      const alphaNext = at(alphas, index + 1)
      const predictedOriginal = originalFromVp(predictionType, alpha, sample, modelOutput)
      // Equations 6 and 7 of the paper; `share` is α_t, the part of ᾱ this step spans.
      const share = alpha / alphaNext
      const originalWeight = (Math.sqrt(alphaNext) * (1 - share)) / (1 - alpha)
      const sampleWeight = (Math.sqrt(share) * (1 - alphaNext)) / (1 - alpha)
      const variance = ((1 - alphaNext) / (1 - alpha)) * (1 - share)
      const next =
        variance === 0
          ? combine2(originalWeight, predictedOriginal, sampleWeight, sample)
          : combine3(
              originalWeight,
              predictedOriginal,
              sampleWeight,
              sample,
              sNoise * Math.sqrt(variance),
              source.next(sample.length),
            )
      return { sample: next, predictedOriginal }
    },
    history: [],
    restore: restoreNothing,
  }
}
