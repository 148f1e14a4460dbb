// DEIS of order 2 in log ρ (Zhang & Chen 2022, arXiv 2204.13902, "ρAB-DEIS"): the noise is taken to be a straight line in log σ
// through the last two calls, and integrated exactly over σ. The last step is first order, so that it ends clean.
// Samples stay variance exploding, where the paper's ρ is σ.
import { recall } from './history.ts'
import { at, type NoiseSchedule } from './noise-schedule.ts'
import { originalFromVe } from './prediction.ts'
import { varianceExploding } from './scaling.ts'
import type { Scheduler, SchedulerHistory } from './scheduler.ts'
import { oneCallPerStep, type StepSchedule } from './step-schedule.ts'
import { combine2, combine3 } from './vector.ts'

export function createDeis(levels: StepSchedule, noise: NoiseSchedule): Scheduler {
  const { predictionType } = noise.config
  const calls = oneCallPerStep(levels)
  /** [noise predicted by the call before]. */
  let history: SchedulerHistory = []
  return {
    calls,
    // Published in the variance-preserving scaling, where the first sample has unit variance.
    initNoiseSigma: Math.hypot(1, at(levels.sigmas, 0)),
    ...varianceExploding(calls),
    step({ modelOutput, index, sample }) {
      const sigma = at(levels.sigmas, index)
      const sigmaNext = at(levels.sigmas, index + 1)
      const denoised = originalFromVe(predictionType, sigma, sample, modelOutput)
      const predictedNoise = combine2(1 / sigma, sample, -1 / sigma, denoised)
      if (index === 0 || index + 1 === levels.steps) {
        history = [predictedNoise]
        const ratio = sigmaNext / sigma
        return { sample: combine2(ratio, sample, 1 - ratio, denoised), predictedOriginal: denoised }
      }
      const sigmaBefore = at(levels.sigmas, index - 1)
      const now = integrateLogLine(sigma, sigmaNext, sigma, sigmaBefore)
      const before = integrateLogLine(sigma, sigmaNext, sigmaBefore, sigma)
      const next = combine3(1, sample, now, predictedNoise, before, recall(history, 0))
      history = [predictedNoise]
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

/** ∫ dσ of the line in log σ that is 1 at `one` and 0 at `zero`. */
function integrateLogLine(from: number, to: number, one: number, zero: number): number {
  const primitive = (sigma: number) => sigma * (Math.log(sigma / zero) - 1)
  return (primitive(to) - primitive(from)) / Math.log(one / zero)
}
