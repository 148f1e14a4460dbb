// UniPC of order 2 with B(h) = e^h - 1 (Zhao et al. 2023, arXiv 2302.04867, algorithms 5 and 8): predicts the next sample from
// the last two calls, then corrects it with the model's answer there, at no extra call. λ = -log σ is its time. The formulas
// are the paper's divided by α, so samples stay variance exploding.
import { recall } from './history.ts'
import { at, type NoiseSchedule } from './noise-schedule.ts'
import { originalFromVe } from './prediction.ts'
import { varianceExploding } from './scaling.ts'
import type { Scheduler, SchedulerHistory } from './scheduler.ts'
import { oneCallPerStep, type StepSchedule } from './step-schedule.ts'
import { combine, combine2 } from './vector.ts'

const ORDER = 2

export function createUniPc(levels: StepSchedule, noise: NoiseSchedule): Scheduler {
  const { predictionType } = noise.config
  const calls = oneCallPerStep(levels)
  const lambda = (i: number) => -Math.log(at(levels.sigmas, i))
  /** Order of step i: it warms up from 1 and comes down to 1 on the last, which ends clean. */
  const orderOf = (i: number) => Math.min(ORDER, i + 1, levels.steps - i)
  /** [corrected sample before the last prediction, denoised of the call before, denoised of the one before that]. */
  let history: SchedulerHistory = []

  /** UniC: the sample at level i again, now that the model has answered there. */
  const correct = (i: number, denoised: Float32Array): Float32Array => {
    const h = lambda(i) - lambda(i - 1)
    const b = Math.expm1(-h)
    const start = recall(history, 0)
    const before = recall(history, 1)
    const ratio = Math.exp(-h)
    if (orderOf(i - 1) === 1) {
      return combine([
        [ratio, start],
        [-b + 0.5 * b, before],
        [-0.5 * b, denoised],
      ])
    }
    const r = (lambda(i - 2) - lambda(i - 1)) / h
    // Solves the paper's 2x2 system R·ρ = b for the weights of the two differences.
    const b1 = (-b / h - 1) / b
    const b2 = (2 * ((-b / h - 1) / -h - 1 / 2)) / b
    const olderWeight = (b1 - b2) / (1 - r)
    const newerWeight = b1 - olderWeight
    return combine([
      [ratio, start],
      [-b + (b * olderWeight) / r + b * newerWeight, before],
      [(-b * olderWeight) / r, recall(history, 2)],
      [-b * newerWeight, denoised],
    ])
  }

  /** UniP: from level i to i + 1. */
  const predict = (i: number, sample: Float32Array, denoised: Float32Array): Float32Array => {
    const ratio = at(levels.sigmas, i + 1) / at(levels.sigmas, i)
    if (orderOf(i) === 1) return combine2(ratio, sample, 1 - ratio, denoised)
    const r = (lambda(i - 1) - lambda(i)) / (lambda(i + 1) - lambda(i))
    const difference = (0.5 * (1 - ratio)) / r
    return combine([
      [ratio, sample],
      [1 - ratio - difference, denoised],
      [difference, recall(history, 1)],
    ])
  }

  return {
    calls,
    // Published in the variance-preserving scaling, where the first sample has unit variance.
    initNoiseSigma: Math.hypot(1, at(levels.sigmas, 0)),
    ...varianceExploding(calls),
    step({ modelOutput, index, sample }) {
      const denoised = originalFromVe(predictionType, at(levels.sigmas, index), sample, modelOutput)
      const corrected = index === 0 ? sample : correct(index, denoised)
      const next = predict(index, corrected, denoised)
      history = [corrected, denoised, ...history.slice(1, 2)]
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
