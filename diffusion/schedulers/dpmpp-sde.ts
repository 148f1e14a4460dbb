// DPM-Solver++ for the diffusion SDE, single step, second order, after k-diffusion's sample_dpmpp_sde. Two calls per step but
// the last; the noise of both halves belongs to one Brownian path, whose increments are drawn here. Variance exploding.
import { ancestralStep } from './ancestral.ts'
import { planCalls } from './calls.ts'
import type { AncestralOptions } from './euler-ancestral.ts'
import { recall } from './history.ts'
import { at, type NoiseSchedule } from './noise-schedule.ts'
import { originalFromVe } from './prediction.ts'
import { varianceExploding } from './scaling.ts'
import type { Scheduler, SchedulerHistory } from './scheduler.ts'
import { stepNoise } from './step-noise.ts'
import type { StepSchedule } from './step-schedule.ts'
import { combine, combine2, combine3 } from './vector.ts'

export function createDpmppSde(
  levels: StepSchedule,
  noise: NoiseSchedule,
  { eta, sNoise }: AncestralOptions,
): Scheduler {
  const { predictionType } = noise.config
  /** Half way down the step in λ = -log σ. */
  const middle = (i: number) => Math.sqrt(at(levels.sigmas, i) * at(levels.sigmas, i + 1))
  const { calls, halfAt } = planCalls(
    levels.steps,
    levels.skipped,
    (i) => ({ sigma: at(levels.sigmas, i), timestep: at(levels.timesteps, i) }),
    (i) => (middle(i) === 0 ? null : { sigma: middle(i), timestep: noise.timestepAt(middle(i)) }),
  )
  /** Between the two calls of a step: [sample at its start, first half's noise if any]. */
  let history: SchedulerHistory = []
  return {
    calls,
    initNoiseSigma: levels.initialSigma,
    ...varianceExploding(calls),
    step({ modelOutput, index, sample, noise: source }) {
      const { step, half } = halfAt(index)
      const sigma = at(levels.sigmas, step)
      const sigmaNext = at(levels.sigmas, step + 1)
      const sigmaMiddle = middle(step)
      if (half === 'first') {
        const denoised = originalFromVe(predictionType, sigma, sample, modelOutput)
        if (sigmaNext === 0) return { sample: denoised, predictedOriginal: denoised }
        const { down, up } = ancestralStep(sigma, sigmaMiddle, eta)
        const ratio = down / sigma
        if (eta === 0) {
          history = [sample]
          return { sample: combine2(ratio, sample, 1 - ratio, denoised), predictedOriginal: denoised }
        }
        const fresh = stepNoise(source, levels, sigma, sigmaMiddle, sample.length)
        history = [sample, fresh]
        return {
          sample: combine3(ratio, sample, 1 - ratio, denoised, sNoise * up, fresh),
          predictedOriginal: denoised,
        }
      }
      const denoised = originalFromVe(predictionType, sigmaMiddle, sample, modelOutput)
      const { down, up } = ancestralStep(sigma, sigmaNext, eta)
      const ratio = down / sigma
      const terms: [number, Float32Array][] = [
        [ratio, recall(history, 0)],
        [1 - ratio, denoised],
      ]
      if (eta > 0) {
        // The path over the whole step is the sum of its two increments, each as long as its part of σ; unit variance.
        const firstShare = Math.sqrt((sigma - sigmaMiddle) / (sigma - sigmaNext))
        const secondShare = Math.sqrt((sigmaMiddle - sigmaNext) / (sigma - sigmaNext))
        terms.push([sNoise * up * firstShare, recall(history, 1)])
        terms.push([sNoise * up * secondShare, stepNoise(source, levels, sigmaMiddle, sigmaNext, sample.length)])
      }
      history = []
      return { sample: combine(terms), predictedOriginal: denoised }
    },
    get history() {
      return history
    },
    restore(saved) {
      history = saved
    },
  }
}
