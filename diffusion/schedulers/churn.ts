// Karras et al.'s churn (arXiv 2206.00364, algorithm 2): before a call the noise level is raised a little with fresh noise.
// The noise is added at the end of the step before, so that every call's sample is at the call's own σ.
import { at, type NoiseSchedule } from './noise-schedule.ts'
import type { NoiseSource } from './scheduler.ts'
import type { StepSchedule } from './step-schedule.ts'
import { combine2 } from './vector.ts'

export interface ChurnOptions {
  /** Total churn over the run; each step raises σ by min(sChurn / steps, √2 - 1) of itself. 0: none. */
  readonly sChurn: number
  /** Scale of the fresh noise, 1 unless a model wants slightly more. */
  readonly sNoise: number
}

export interface Churn {
  /** σ each step's first call is made at, float64 [steps]. */
  readonly sigmas: Float64Array
  /** Training timestep of each, float64 [steps]. */
  readonly timesteps: Float64Array
  readonly initNoiseSigma: number
  /** Raises a sample that has arrived at level `index` to that level's raised σ. */
  raise(sample: Float32Array, index: number, noise: NoiseSource): Float32Array
}

export function createChurn(levels: StepSchedule, noise: NoiseSchedule, { sChurn, sNoise }: ChurnOptions): Churn {
  const gamma = Math.min(sChurn / levels.steps, Math.SQRT2 - 1)
  const plain = levels.sigmas.slice(0, levels.steps)
  const sigmas = plain.map((sigma) => sigma * (1 + gamma))
  const addedDeviation = (i: number) => Math.sqrt(at(sigmas, i) ** 2 - at(plain, i) ** 2)
  return {
    sigmas,
    timesteps: gamma === 0 ? levels.timesteps : sigmas.map(noise.timestepAt),
    initNoiseSigma: Math.hypot(levels.initialSigma, addedDeviation(0)),
    raise(sample, index, source) {
      if (gamma === 0 || index >= levels.steps) return sample
      return combine2(1, sample, sNoise * addedDeviation(index), source.next(sample.length))
    },
  }
}
