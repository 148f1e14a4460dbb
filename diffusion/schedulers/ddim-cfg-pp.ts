// DDIM with CFG++ (Chung et al. 2024, arXiv 2406.08070): the clean latents come from the guided prediction, but the way back
// to noise follows the unconditional one, which keeps pictures natural at strong guidance. Variance preserving.
import { restoreNothing } from './history.ts'
import { at, type NoiseSchedule } from './noise-schedule.ts'
import { noiseFromVp, originalFromVp } from './prediction.ts'
import { variancePreserving } from './scaling.ts'
import type { Scheduler } from './scheduler.ts'
import { endingAtFirstTimestep, oneCallPerStep, type StepSchedule } from './step-schedule.ts'
import { combine2, combine3 } from './vector.ts'

export interface DdimCfgPpOptions {
  /** Share of DDPM's noise added each step, 0 to 1. */
  readonly eta: number
}

/** CFG++ wants a guidance of 0 to 1 where CFG has 1 to 12.5; this keeps people's scale, as A1111 does. */
const GUIDANCE_MULTIPLIER = 1 / 12.5

export function createDdimCfgPp(steps: StepSchedule, noise: NoiseSchedule, { eta }: DdimCfgPpOptions): Scheduler {
  const { predictionType, setAlphaToOne } = noise.config
  const levels = setAlphaToOne ? steps : endingAtFirstTimestep(steps, noise)
  const alphas = levels.alphasCumprod
  return {
    calls: oneCallPerStep(levels),
    initNoiseSigma: 1,
    guidance: { multiplier: GUIDANCE_MULTIPLIER, needsUnconditional: true },
    ...variancePreserving(alphas),
    step({ modelOutput, unconditionalOutput, index, sample, noise: source }) {
      if (unconditionalOutput === undefined) {
        throw new RangeError('DDIM CFG++ needs the unconditional model output with every call, got none')
      }
      const alpha = at(alphas, index)
      const alphaNext = at(alphas, index + 1)
      const predictedOriginal = originalFromVp(predictionType, alpha, sample, modelOutput)
      const unconditionalNoise = noiseFromVp(predictionType, alpha, sample, unconditionalOutput)

      const variance = ((1 - alphaNext) / (1 - alpha)) * (1 - alpha / alphaNext)
      const fresh = eta * Math.sqrt(variance)
      const signal = Math.sqrt(alphaNext)
      const kept = Math.sqrt(Math.max(1 - alphaNext - fresh ** 2, 0))
      const next =
        fresh === 0
          ? combine2(signal, predictedOriginal, kept, unconditionalNoise)
          : combine3(signal, predictedOriginal, kept, unconditionalNoise, fresh, source.next(sample.length))
      return { sample: next, predictedOriginal }
    },
    history: [],
    restore: restoreNothing,
  }
}
