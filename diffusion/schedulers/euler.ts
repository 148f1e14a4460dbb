// Euler's method on the probability-flow ODE (Karras et al. 2022, arXiv 2206.00364, algorithm 2), σ as time. `sChurn` above 0
// raises the noise level a little with fresh noise before each call, to repair earlier mistakes. Variance exploding.
import { at, type NoiseSchedule } from './noise-schedule.ts'
import { originalFromVe, unitVarianceInput } from './prediction.ts'
import type { Scheduler } from './scheduler.ts'
import { restoreNothing, type StepSchedule } from './step-schedule.ts'
import { combine2 } from './vector.ts'

export interface EulerOptions {
  /** Total churn over the run; each step raises σ by min(sChurn / steps, √2 - 1) of itself. 0: none. */
  readonly sChurn: number
  /** Scale of the fresh noise, 1 unless a model wants slightly more. */
  readonly sNoise: number
}

export function createEuler(levels: StepSchedule, noise: NoiseSchedule, { sChurn, sNoise }: EulerOptions): Scheduler {
  const { predictionType } = noise.config
  const gamma = Math.min(sChurn / levels.steps, Math.SQRT2 - 1)
  /** σ each call is made at: the level's own, raised by the churn. */
  const raised = levels.sigmas.map((sigma) => sigma * (1 + gamma))
  const addedVariance = (i: number) => at(raised, i) ** 2 - at(levels.sigmas, i) ** 2
  return {
    calls: Array.from({ length: levels.steps }, (_, i) => ({
      timestep: gamma === 0 ? at(levels.timesteps, i) : noise.timestepAt(at(raised, i)),
      sigma: at(raised, i),
      step: levels.skipped + i,
    })),
    initNoiseSigma: Math.sqrt(levels.initialSigma ** 2 + addedVariance(0)),
    scaleModelInput: (sample, index) => unitVarianceInput(at(raised, index), sample),
    addNoise: (original, fresh, index) => combine2(1, original, at(raised, index), fresh),
    step({ modelOutput, index, sample, noise: source }) {
      const sigma = at(raised, index)
      const sigmaNext = at(levels.sigmas, index + 1)
      const predictedOriginal = originalFromVe(predictionType, sigma, sample, modelOutput)
      // x + (σ' - σ)·(x - x₀)/σ, written so that no large terms cancel.
      const ratio = sigmaNext / sigma
      const moved = combine2(ratio, sample, 1 - ratio, predictedOriginal)
      if (gamma === 0 || index + 1 === levels.steps) return { sample: moved, predictedOriginal }
      const churned = combine2(1, moved, sNoise * Math.sqrt(addedVariance(index + 1)), source.next(sample.length))
      return { sample: churned, predictedOriginal }
    },
    history: [],
    restore: restoreNothing,
  }
}
