// Euler's method on the probability-flow ODE (Karras et al. 2022, arXiv 2206.00364, algorithm 2 without its second half),
// σ as time. Variance exploding.
import { type ChurnOptions, createChurn } from './churn.ts'
import { restoreNothing } from './history.ts'
import { at, type NoiseSchedule } from './noise-schedule.ts'
import { originalFromVe } from './prediction.ts'
import { varianceExploding } from './scaling.ts'
import type { Scheduler } from './scheduler.ts'
import type { StepSchedule } from './step-schedule.ts'
import { combine2 } from './vector.ts'

export function createEuler(levels: StepSchedule, noise: NoiseSchedule, options: ChurnOptions): Scheduler {
  const { predictionType } = noise.config
  const churn = createChurn(levels, noise, options)
  const calls = Array.from(churn.sigmas, (sigma, i) => ({
    timestep: at(churn.timesteps, i),
    sigma,
    step: levels.skipped + i,
  }))
  return {
    calls,
    initNoiseSigma: churn.initNoiseSigma,
    ...varianceExploding(calls),
    step({ modelOutput, index, sample, noise: source }) {
      const sigma = at(churn.sigmas, index)
      const sigmaNext = at(levels.sigmas, index + 1)
      const denoised = originalFromVe(predictionType, sigma, sample, modelOutput)
      // x + (σ' - σ)·(x - x₀)/σ, written so that no large terms cancel.
      const ratio = sigmaNext / sigma
      const moved = combine2(ratio, sample, 1 - ratio, denoised)
      return { sample: churn.raise(moved, index + 1, source), predictedOriginal: denoised }
    },
    history: [],
    restore: restoreNothing,
  }
}
