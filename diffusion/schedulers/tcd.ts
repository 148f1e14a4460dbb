// Trajectory consistency distillation (Zheng et al. 2024, arXiv 2402.19159, algorithm 4): jumps past the next level to a
// cleaner one, then noises back up; `eta` (the paper's γ) is how far past. For models distilled for it. Variance preserving.
import { restoreNothing } from './history.ts'
import { at, type NoiseSchedule } from './noise-schedule.ts'
import { noiseFromVp, originalFromVp } from './prediction.ts'
import { variancePreserving } from './scaling.ts'
import type { Scheduler } from './scheduler.ts'
import { endingAtFirstTimestep, oneCallPerStep, type StepSchedule } from './step-schedule.ts'
import { combine2 } from './vector.ts'

export interface TcdOptions {
  /** 0: deterministic, 1: always jump to the clean end; 0.3 is the published default. */
  readonly eta: number
}

export function createTcd(steps: StepSchedule, noise: NoiseSchedule, { eta }: TcdOptions): Scheduler {
  if (!(eta >= 0 && eta <= 1)) throw new RangeError(`TCD's eta is 0 to 1, got ${eta}`)
  const { predictionType } = noise.config
  // The distilled model knows no cleaner end than the first timestep.
  const levels = endingAtFirstTimestep(steps, noise)
  const alphas = levels.alphasCumprod
  return {
    calls: oneCallPerStep(levels),
    initNoiseSigma: 1,
    ...variancePreserving(alphas),
    step({ modelOutput, index, sample, noise: source }) {
      const alpha = at(alphas, index)
      const isLast = index + 1 === levels.steps
      const alphaNext = at(alphas, index + 1)
      const alphaJump = isLast
        ? alphaNext
        : Math.max(noise.alphaCumprodAt(Math.floor((1 - eta) * at(levels.timesteps, index + 1))), alphaNext)

      const predictedOriginal = originalFromVp(predictionType, alpha, sample, modelOutput)
      const predictedNoise = noiseFromVp(predictionType, alpha, sample, modelOutput)
      const jumped = combine2(Math.sqrt(alphaJump), predictedOriginal, Math.sqrt(1 - alphaJump), predictedNoise)
      if (isLast || eta === 0) return { sample: jumped, predictedOriginal }
      const share = alphaNext / alphaJump
      const next = combine2(Math.sqrt(share), jumped, Math.sqrt(1 - share), source.next(sample.length))
      return { sample: next, predictedOriginal }
    },
    history: [],
    restore: restoreNothing,
  }
}
