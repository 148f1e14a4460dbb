// DPM-Solver++(3M) for the diffusion SDE, after k-diffusion's sample_dpmpp_3m_sde: a parabola through the last three
// predictions, one call per step, fresh noise after each. λ = -log σ is its time. Variance exploding.
import type { AncestralOptions } from './euler-ancestral.ts'
import { recall } from './history.ts'
import { at, type NoiseSchedule } from './noise-schedule.ts'
import { originalFromVe } from './prediction.ts'
import { varianceExploding } from './scaling.ts'
import type { Scheduler, SchedulerHistory } from './scheduler.ts'
import { stepNoise } from './step-noise.ts'
import { oneCallPerStep, type StepSchedule } from './step-schedule.ts'
import { combine } from './vector.ts'

export function createDpmpp3mSde(
  levels: StepSchedule,
  noise: NoiseSchedule,
  { eta, sNoise }: AncestralOptions,
): Scheduler {
  const { predictionType } = noise.config
  const calls = oneCallPerStep(levels)
  /** Step size in λ from level i to i + 1. */
  const stepSize = (i: number) => Math.log(at(levels.sigmas, i) / at(levels.sigmas, i + 1))
  /** [denoised of the call before, and of the one before that], as far as there were any. */
  let history: SchedulerHistory = []
  return {
    calls,
    initNoiseSigma: levels.initialSigma,
    ...varianceExploding(calls),
    step({ modelOutput, index, sample, noise: source }) {
      const sigma = at(levels.sigmas, index)
      const sigmaNext = at(levels.sigmas, index + 1)
      const denoised = originalFromVe(predictionType, sigma, sample, modelOutput)
      if (sigmaNext === 0) {
        history = [denoised, ...history.slice(0, 1)]
        return { sample: denoised, predictedOriginal: denoised }
      }
      const h = stepSize(index)
      const hEta = h * (1 + eta)
      const phi1 = -Math.expm1(-hEta)
      const phi2 = 1 - phi1 / hEta
      const phi3 = phi2 / hEta - 0.5

      // Weights of the predictions at this call and the two before it, from the divided differences D1 and D2.
      let now = phi1
      let before = 0
      let twoBefore = 0
      if (index === 1) {
        const r0 = stepSize(0) / h
        now += phi2 / r0
        before -= phi2 / r0
      } else if (index > 1) {
        const r0 = stepSize(index - 1) / h
        const r1 = stepSize(index - 2) / h
        const forD1 = phi2 + (phi2 * r0 - phi3) / (r0 + r1)
        const forOlderD1 = -(phi2 * r0 - phi3) / (r0 + r1)
        now += forD1 / r0
        before += forOlderD1 / r1 - forD1 / r0
        twoBefore -= forOlderD1 / r1
      }

      const terms: [number, Float32Array][] = [
        [Math.exp(-hEta), sample],
        [now, denoised],
      ]
      if (index > 0) terms.push([before, recall(history, 0)])
      if (index > 1) terms.push([twoBefore, recall(history, 1)])
      if (eta > 0) {
        const deviation = sigmaNext * Math.sqrt(-Math.expm1(-2 * eta * h))
        terms.push([sNoise * deviation, stepNoise(source, levels, sigma, sigmaNext, sample.length)])
      }
      history = [denoised, ...history.slice(0, 1)]
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
