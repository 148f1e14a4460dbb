// DPM-Solver++(2M) (Lu et al. 2022, arXiv 2211.01095, algorithm 2): extrapolates the predicted clean latents from the last
// two calls, so it is second order at one call per step. λ = -log σ is its time. Variance exploding.
import { recall } from './history.ts'
import { at, type NoiseSchedule } from './noise-schedule.ts'
import { originalFromVe } from './prediction.ts'
import { varianceExploding } from './scaling.ts'
import type { Scheduler, SchedulerHistory } from './scheduler.ts'
import { oneCallPerStep, type StepSchedule } from './step-schedule.ts'
import { combine2, combine3 } from './vector.ts'

export function createDpmpp2m(levels: StepSchedule, noise: NoiseSchedule): Scheduler {
  const { predictionType } = noise.config
  const calls = oneCallPerStep(levels)
  /** Step size in λ from level i to i + 1. */
  const stepSize = (i: number) => Math.log(at(levels.sigmas, i) / at(levels.sigmas, i + 1))
  /** [denoised of the call before]. */
  let history: SchedulerHistory = []
  return {
    calls,
    initNoiseSigma: levels.initialSigma,
    ...varianceExploding(calls),
    step({ modelOutput, index, sample }) {
      const sigma = at(levels.sigmas, index)
      const sigmaNext = at(levels.sigmas, index + 1)
      const denoised = originalFromVe(predictionType, sigma, sample, modelOutput)
      const ratio = sigmaNext / sigma
      if (index === 0 || sigmaNext === 0) {
        history = [denoised]
        return { sample: combine2(ratio, sample, 1 - ratio, denoised), predictedOriginal: denoised }
      }
      const r = stepSize(index - 1) / stepSize(index)
      const ahead = 1 / (2 * r)
      const next = combine3(
        ratio,
        sample,
        (1 - ratio) * (1 + ahead),
        denoised,
        -(1 - ratio) * ahead,
        recall(history, 0),
      )
      history = [denoised]
      return { sample: next, predictedOriginal: denoised }
    },
    get history() {
      return history
    },
    restore(saved) {
      history = saved
    },
  }
}
