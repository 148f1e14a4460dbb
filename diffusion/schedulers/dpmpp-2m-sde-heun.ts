// DPM-Solver++(2M) for the diffusion SDE with Heun's correction, after k-diffusion's sample_dpmpp_2m_sde, solver "heun": one
// call per step, fresh noise after each. λ = -log σ is its time. Variance exploding.
import type { AncestralOptions } from './euler-ancestral.ts'
import { recall } from './history.ts'
import { at, type NoiseSchedule } from './noise-schedule.ts'
import { originalFromVe } from './prediction.ts'
import { varianceExploding } from './scaling.ts'
import type { Scheduler, SchedulerHistory } from './scheduler.ts'
import { stepNoise } from './step-noise.ts'
import { oneCallPerStep, type StepSchedule } from './step-schedule.ts'
import { combine } from './vector.ts'

export function createDpmpp2mSdeHeun(
  levels: StepSchedule,
  noise: NoiseSchedule,
  { eta, sNoise }: AncestralOptions,
): Scheduler {
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
    step({ modelOutput, index, sample, noise: source }) {
      const sigma = at(levels.sigmas, index)
      const sigmaNext = at(levels.sigmas, index + 1)
      const denoised = originalFromVe(predictionType, sigma, sample, modelOutput)
      let next = denoised
      if (sigmaNext > 0) {
        const h = stepSize(index)
        const weight = -Math.expm1(-h * (1 + eta))
        const terms: [number, Float32Array][] = [[(sigmaNext / sigma) * Math.exp(-eta * h), sample]]
        if (index === 0) {
          terms.push([weight, denoised])
        } else {
          const r = stepSize(index - 1) / h
          // Heun: the exact integral of a straight line through the last two predictions.
          const correction = (1 - weight / (h * (1 + eta))) / r
          terms.push([weight + correction, denoised], [-correction, recall(history, 0)])
        }
        if (eta > 0) {
          const deviation = sigmaNext * Math.sqrt(-Math.expm1(-2 * eta * h))
          terms.push([sNoise * deviation, stepNoise(source, levels, sigma, sigmaNext, sample.length)])
        }
        next = combine(terms)
      }
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
