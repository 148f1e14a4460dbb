// Heun's method (Karras et al. 2022, arXiv 2206.00364, algorithm 2): an Euler step, then the slope at its end is asked for
// too and the two are averaged. Two calls per step but the last. Variance exploding.
import { planCalls } from './calls.ts'
import { type ChurnOptions, createChurn } from './churn.ts'
import { recall } from './history.ts'
import { at, type NoiseSchedule } from './noise-schedule.ts'
import { originalFromVe } from './prediction.ts'
import { varianceExploding } from './scaling.ts'
import type { Scheduler, SchedulerHistory } from './scheduler.ts'
import type { StepSchedule } from './step-schedule.ts'
import { combine, combine2 } from './vector.ts'

export function createHeun(levels: StepSchedule, noise: NoiseSchedule, options: ChurnOptions): Scheduler {
  const { predictionType } = noise.config
  const churn = createChurn(levels, noise, options)
  const { calls, halfAt } = planCalls(
    levels.steps,
    levels.skipped,
    (i) => ({ sigma: at(churn.sigmas, i), timestep: at(churn.timesteps, i) }),
    (i) => {
      const sigma = at(levels.sigmas, i + 1)
      return sigma === 0 ? null : { sigma, timestep: noise.timestepAt(sigma) }
    },
  )
  /** Between the two calls of a step: [sample, denoised] at its start. */
  let history: SchedulerHistory = []
  return {
    calls,
    initNoiseSigma: churn.initNoiseSigma,
    ...varianceExploding(calls),
    step({ modelOutput, index, sample, noise: source }) {
      const { step, half } = halfAt(index)
      const sigma = at(churn.sigmas, step)
      const sigmaNext = at(levels.sigmas, step + 1)
      if (half === 'first') {
        const denoised = originalFromVe(predictionType, sigma, sample, modelOutput)
        const ratio = sigmaNext / sigma
        history = sigmaNext === 0 ? [] : [sample, denoised]
        return { sample: combine2(ratio, sample, 1 - ratio, denoised), predictedOriginal: denoised }
      }
      const start = recall(history, 0)
      const denoisedStart = recall(history, 1)
      const denoised = originalFromVe(predictionType, sigmaNext, sample, modelOutput)
      // x + (σ' - σ)·(d + d')/2 with slopes d = (x - x₀)/σ at the start and d' at the end.
      const atStart = (sigmaNext - sigma) / (2 * sigma)
      const atEnd = (sigmaNext - sigma) / (2 * sigmaNext)
      const moved = combine([
        [1 + atStart, start],
        [-atStart, denoisedStart],
        [atEnd, sample],
        [-atEnd, denoised],
      ])
      history = []
      return { sample: churn.raise(moved, step + 1, source), predictedOriginal: denoised }
    },
    get history() {
      return history
    },
    restore(saved) {
      history = saved
    },
  }
}
