// PLMS, the linear multistep half of PNDM (Liu et al. 2022, arXiv 2202.09778, equation 12): Adams-Bashforth over the last
// four predicted noises. The first step is made twice, once to look ahead, so n steps make n + 1 calls. Variance preserving.
import { recall } from './history.ts'
import { ALPHA_CUMPROD_MIN, at, type NoiseSchedule } from './noise-schedule.ts'
import { noiseFromVp, originalFromVp } from './prediction.ts'
import { variancePreserving } from './scaling.ts'
import type { Scheduler, SchedulerHistory } from './scheduler.ts'
import { endingAtFirstTimestep, oneCallPerStep, type StepSchedule } from './step-schedule.ts'
import { combine, combine2 } from './vector.ts'

/** Adams-Bashforth weights, newest first, by how many noises are known. */
const WEIGHTS: readonly (readonly number[])[] = [
  [1],
  [3 / 2, -1 / 2],
  [23 / 12, -16 / 12, 5 / 12],
  [55 / 24, -59 / 24, 37 / 24, -9 / 24],
]

/** Noises are averaged, as the paper has it; diffusers averages raw outputs, which differs for velocity predictions. */
export function createPlms(steps: StepSchedule, noise: NoiseSchedule): Scheduler {
  const { predictionType, setAlphaToOne } = noise.config
  const levels = setAlphaToOne ? steps : endingAtFirstTimestep(steps, noise)
  /** Level each call is made at: 0, 1, 1, 2, 3 ... */
  const levelOfCall = levels.steps === 1 ? [0] : [0, 1, ...Array.from({ length: levels.steps - 1 }, (_, i) => i + 1)]
  const perLevel = oneCallPerStep(levels)
  const calls = levelOfCall.flatMap((level, index) => {
    const call = perLevel[level]
    // The second call looks ahead for step 0.
    return call === undefined ? [] : [index === 1 ? { ...call, step: levels.skipped } : call]
  })
  // A noise alone says nothing about the clean latents at ᾱ = 0, so it starts just above.
  const alphas = levels.alphasCumprod.map((alpha) => (alpha === 0 ? ALPHA_CUMPROD_MIN : alpha))
  /** Predicted noises so far, newest first, at most 3; between calls 0 and 1 also [1]: the sample they started from. */
  let history: SchedulerHistory = []

  /** Equation 9: from one level to the next along a noise. */
  const transfer = (sample: Float32Array, from: number, predictedNoise: Float32Array): Float32Array => {
    const alpha = at(alphas, from)
    const alphaNext = at(alphas, from + 1)
    const original = originalFromVp('epsilon', alpha, sample, predictedNoise)
    return combine2(Math.sqrt(alphaNext), original, Math.sqrt(1 - alphaNext), predictedNoise)
  }

  return {
    calls,
    initNoiseSigma: 1,
    ...variancePreserving(levelOfCall.map((level) => at(alphas, level))),
    step({ modelOutput, index, sample }) {
      const level = at(levelOfCall, index)
      const alpha = at(alphas, level)
      const predictedOriginal = originalFromVp(predictionType, alpha, sample, modelOutput)
      const predictedNoise = noiseFromVp(predictionType, alpha, sample, modelOutput)
      if (index === 0) {
        history = [predictedNoise, sample]
        const alphaNext = at(alphas, 1)
        const next = combine2(Math.sqrt(alphaNext), predictedOriginal, Math.sqrt(1 - alphaNext), predictedNoise)
        return { sample: next, predictedOriginal }
      }
      if (index === 1) {
        const firstNoise = recall(history, 0)
        const averaged = combine2(0.5, firstNoise, 0.5, predictedNoise)
        const start = recall(history, 1)
        history = [firstNoise]
        return { sample: transfer(start, 0, averaged), predictedOriginal }
      }
      const noises = [predictedNoise, ...history]
      const weights = WEIGHTS[noises.length - 1] ?? []
      const averaged = combine(weights.map((weight, i) => [weight, recall(noises, i)] as const))
      history = noises.slice(0, 3)
      return { sample: transfer(sample, level, averaged), predictedOriginal }
    },
    get history() {
      return history
    },
    restore(saved) {
      history = saved
    },
  }
}
