// DPM2 with fresh noise after each step, after k-diffusion's sample_dpm_2_ancestral. Two calls per step but the last.
// Variance exploding.
import { ancestralStep } from './ancestral.ts'
import { planCalls } from './calls.ts'
import type { AncestralOptions } from './euler-ancestral.ts'
import { recall } from './history.ts'
import { at, type NoiseSchedule } from './noise-schedule.ts'
import { originalFromVe } from './prediction.ts'
import { varianceExploding } from './scaling.ts'
import type { Scheduler, SchedulerHistory } from './scheduler.ts'
import type { StepSchedule } from './step-schedule.ts'
import { combine, combine2 } from './vector.ts'

export function createDpm2Ancestral(
  levels: StepSchedule,
  noise: NoiseSchedule,
  { eta, sNoise }: AncestralOptions,
): Scheduler {
  const { predictionType } = noise.config
  const split = (i: number) => ancestralStep(at(levels.sigmas, i), at(levels.sigmas, i + 1), eta)
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
      const sigmaMiddle = middle(step)
      if (half === 'first') {
        const denoised = originalFromVe(predictionType, sigma, sample, modelOutput)
        const ratio = sigmaMiddle / sigma
        history = down === 0 ? [] : [sample]
        return { sample: combine2(ratio, sample, 1 - ratio, denoised), predictedOriginal: denoised }
      }
      const denoised = originalFromVe(predictionType, sigmaMiddle, sample, modelOutput)
      const slope = (down - sigma) / sigmaMiddle
      const terms: [number, Float32Array][] = [
        [1, recall(history, 0)],
        [slope, sample],
        [-slope, denoised],
      ]
      if (up > 0) terms.push([sNoise * up, source.next(sample.length)])
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
