// DDIM (Song et al. 2020, arXiv 2010.02502, equation 12): jumps from the predicted clean latents back to the next, lower
// noise level; `eta` adds fresh noise on the way (0: none, deterministic; 1: as much as DDPM). Variance preserving.
import { restoreNothing } from './history.ts'
import { at, type NoiseSchedule } from './noise-schedule.ts'
import { noiseFromVp, originalFromVp } from './prediction.ts'
import { variancePreserving } from './scaling.ts'
import type { Scheduler } from './scheduler.ts'
import { endingAtFirstTimestep, oneCallPerStep, type StepSchedule } from './step-schedule.ts'
import { combine2, combine3 } from './vector.ts'

export interface DdimOptions {
  /** Share of DDPM's noise added each step, 0 to 1. */
  readonly eta: number
}

export function createDdim(steps: StepSchedule, noise: NoiseSchedule, { eta }: DdimOptions): Scheduler {
  const { predictionType, setAlphaToOne } = noise.config
  const levels = setAlphaToOne ? steps : endingAtFirstTimestep(steps, noise)
  const alphas = levels.alphasCumprod
  return {
    calls: oneCallPerStep(levels),
    initNoiseSigma: 1,
    ...variancePreserving(alphas),
    step({ modelOutput, index, sample, noise: source }) {
      const alpha = at(alphas, index)
      const alphaNext = at(alphas, index + 1)
      const predictedOriginal = originalFromVp(predictionType, alpha, sample, modelOutput)
      const predictedNoise = noiseFromVp(predictionType, alpha, sample, modelOutput)

      const variance = ((1 - alphaNext) / (1 - alpha)) * (1 - alpha / alphaNext)
      const fresh = eta * Math.sqrt(variance)
      const signal = Math.sqrt(alphaNext)
      const kept = Math.sqrt(Math.max(1 - alphaNext - fresh ** 2, 0))
      const next =
        fresh === 0
          ? combine2(signal, predictedOriginal, kept, predictedNoise)
          : combine3(signal, predictedOriginal, kept, predictedNoise, fresh, source.next(sample.length))
      return { sample: next, predictedOriginal }
    },
    history: [],
    restore: restoreNothing,
  }
}
