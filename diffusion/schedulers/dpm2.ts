// DPM-Solver-2 in Karras et al.'s variables (algorithm 2 with a midpoint): the slope half way down, in log σ, carries the
// whole step. Two calls per step but the last. After k-diffusion's sample_dpm_2. Variance exploding.
import { planCalls } from './calls.ts'
import { type ChurnOptions, createChurn } from './churn.ts'
import { recall } from './history.ts'
import { at, type NoiseSchedule } from './noise-schedule.ts'
import { originalFromVe } from './prediction.ts'
import { varianceExploding } from './scaling.ts'
import type { Scheduler, SchedulerHistory } from './scheduler.ts'
import type { StepSchedule } from './step-schedule.ts'
import { combine2, combine3 } from './vector.ts'

export function createDpm2(levels: StepSchedule, noise: NoiseSchedule, options: ChurnOptions): Scheduler {
  const { predictionType } = noise.config
  const churn = createChurn(levels, noise, options)
  const middle = (i: number) => Math.sqrt(at(churn.sigmas, i) * at(levels.sigmas, i + 1))
  const { calls, halfAt } = planCalls(
    levels.steps,
    levels.skipped,
    (i) => ({ sigma: at(churn.sigmas, i), timestep: at(churn.timesteps, i) }),
    (i) => (middle(i) === 0 ? null : { sigma: middle(i), timestep: noise.timestepAt(middle(i)) }),
  )
  /** Between the two calls of a step: [sample at its start]. */
  let history: SchedulerHistory = []
  return {
    calls,
    initNoiseSigma: churn.initNoiseSigma,
    ...varianceExploding(calls),
    step({ modelOutput, index, sample, noise: source }) {
      const { step, half } = halfAt(index)
      const sigma = at(churn.sigmas, step)
      const sigmaNext = at(levels.sigmas, step + 1)
      const sigmaMiddle = middle(step)
      if (half === 'first') {
        const denoised = originalFromVe(predictionType, sigma, sample, modelOutput)
        const ratio = sigmaMiddle / sigma
        history = sigmaNext === 0 ? [] : [sample]
        return { sample: combine2(ratio, sample, 1 - ratio, denoised), predictedOriginal: denoised }
      }
      const denoised = originalFromVe(predictionType, sigmaMiddle, sample, modelOutput)
      // x + (σ' - σ)·d with the slope d = (x - x₀)/σ of the middle.
      const slope = (sigmaNext - sigma) / sigmaMiddle
      const moved = combine3(1, recall(history, 0), slope, sample, -slope, denoised)
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
