// DPM-Solver++(2S) (Lu et al. 2022, arXiv 2211.01095, algorithm 1) with fresh noise after each step, after k-diffusion.
// λ = -log σ is its time; two calls per step but the last. Variance exploding.
import { ancestralStep } from './ancestral.ts'
import { planCalls } from './calls.ts'
import type { AncestralOptions } from './euler-ancestral.ts'
import { recall } from './history.ts'
import { at, type NoiseSchedule } from './noise-schedule.ts'
import { originalFromVe } from './prediction.ts'
import { varianceExploding } from './scaling.ts'
import type { Scheduler, SchedulerHistory } from './scheduler.ts'
import type { StepSchedule } from './step-schedule.ts'
import { combine2, combine3 } from './vector.ts'

export function createDpmpp2sAncestral(
  levels: StepSchedule,
  noise: NoiseSchedule,
  { eta, sNoise }: AncestralOptions,
): Scheduler {
  const { predictionType } = noise.config
  const split = (i: number) => ancestralStep(at(levels.sigmas, i), at(levels.sigmas, i + 1), eta)
  /** Half way to `down` in λ. */
  const middle = (i: number) => Math.sqrt(at(levels.sigmas, i) * split(i).down)
  const { calls, halfAt } = planCalls(
    levels.steps,
    levels.skipped,
    (i) => ({ sigma: at(levels.sigmas, i), timestep: at(levels.timesteps, i) }),
    (i) => (middle(i) === 0 ? null : { sigma: middle(i), timestep: noise.timestepAt(middle(i)) }),
  )
  /** Between the two calls of a step: [sample at its start]. */
  let history: SchedulerHistory = []
  return {
    calls,
    initNoiseSigma: levels.initialSigma,
    ...varianceExploding(calls),
    step({ modelOutput, index, sample, noise: source }) {
      const { step, half } = halfAt(index)
      const sigma = at(levels.sigmas, step)
      const { down, up } = split(step)
      if (half === 'first') {
        const denoised = originalFromVe(predictionType, sigma, sample, modelOutput)
        // exp(-h/2)·x + (1 - exp(-h/2))·x₀, with exp(-h/2) = σ_middle / σ.
        const ratio = middle(step) / sigma
        history = down === 0 ? [] : [sample]
        return { sample: combine2(ratio, sample, 1 - ratio, denoised), predictedOriginal: denoised }
      }
      const denoised = originalFromVe(predictionType, middle(step), sample, modelOutput)
      const start = recall(history, 0)
      const ratio = down / sigma
      const next =
        up === 0
          ? combine2(ratio, start, 1 - ratio, denoised)
          : combine3(ratio, start, 1 - ratio, denoised, sNoise * up, source.next(sample.length))
      history = []
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
