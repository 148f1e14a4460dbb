// From a schedule's name to the noise levels of a run.
import type { ScheduleId } from '#contracts/samplers.ts'
import { at, type NoiseSchedule } from '../noise-schedule.ts'
import { levelsBetweenTimesteps, levelsFromSigmas, levelsFromTimesteps, type StepSchedule } from '../step-schedule.ts'
import { type AlignYourStepsTable, alignYourStepsSigmas } from './align-your-steps.ts'
import { betaSigmas } from './beta.ts'
import { exponentialSigmas } from './exponential.ts'
import { karrasSigmas } from './karras.ts'
import { klOptimalSigmas } from './kl-optimal.ts'
import { polyexponentialSigmas } from './polyexponential.ts'
import {
  distilledTimesteps,
  leadingTimesteps,
  linspaceTimesteps,
  sgmUniformTimesteps,
  simpleTimesteps,
  solverLeadingTimesteps,
  solverLinspaceTimesteps,
  trailingTimesteps,
  uniformTimesteps,
} from './spaced.ts'

export interface StepsOptions {
  /** Whose numbers Align Your Steps takes. */
  readonly alignYourSteps: AlignYourStepsTable
  /** ρ of Karras (7 unless given) and polyexponential (1 unless given). */
  readonly rho?: number | undefined
  readonly placement: Placement
}

/**
 * How a sampler's diffusers class places its levels; only `linspace`, `leading`, `trailing` and `automatic` depend on it, the
 * other schedules are A1111's and the same for all.
 *
 * - `whole`: on whole timesteps (DDIM and its kin).
 * - `distilled`: as whole, but `automatic` is the grid LCM and TCD models are distilled on.
 * - `solver`: on whole timesteps, none at the clean end; starts at unit variance (DPM-Solver's kin).
 * - `sigma`: linspace between timesteps, σ interpolated (Euler and its kin).
 */
export type Placement = 'whole' | 'distilled' | 'solver' | 'sigma'

/**
 * The levels of a `steps`-step run. `automatic` is the spacing the model was published with.
 * @throws {RangeError} when there are more steps than training timesteps, or fewer than 1, or on an unknown schedule.
 */
export function createSteps(
  schedule: ScheduleId,
  steps: number,
  noise: NoiseSchedule,
  options: StepsOptions,
): StepSchedule {
  const { alignYourSteps, rho, placement } = options
  const { numTrainTimesteps: total, timestepSpacing, stepsOffset, publishedSchedule } = noise.config
  if (!Number.isInteger(steps) || steps < 1 || steps > total) {
    throw new RangeError(`Steps are a whole number from 1 to the model's ${total} training timesteps, got ${steps}`)
  }
  const low = at(noise.sigmas, 0)
  const high = at(noise.sigmas, total - 1)
  const atTimesteps = (timesteps: readonly number[]) => levelsFromTimesteps(noise, timesteps)
  const atSigmas = (sigmas: readonly number[]) => levelsFromSigmas(noise, sigmas)
  switch (schedule) {
    case 'automatic':
      if (placement === 'distilled') return atTimesteps(distilledTimesteps(steps, total))
      return createSteps(publishedSchedule ?? timestepSpacing, steps, noise, options)
    case 'linspace':
      if (placement === 'solver') return scaledUpWhole(atTimesteps(solverLinspaceTimesteps(steps, total)))
      if (placement === 'sigma') return levelsBetweenTimesteps(noise, uniformTimesteps(steps, total))
      return atTimesteps(linspaceTimesteps(steps, total))
    case 'leading': {
      const timesteps = placement === 'solver' ? solverLeadingTimesteps : leadingTimesteps
      return scaledUpWhole(atTimesteps(timesteps(steps, total, stepsOffset)))
    }
    case 'trailing': {
      const levels = atTimesteps(trailingTimesteps(steps, total))
      return placement === 'solver' ? scaledUpWhole(levels) : levels
    }
    // A1111 has both names for k-diffusion's spacing.
    case 'uniform':
    case 'normal':
      return atTimesteps(uniformTimesteps(steps, total))
    case 'sgm-uniform':
      return atTimesteps(sgmUniformTimesteps(steps, total))
    case 'simple':
      return atTimesteps(simpleTimesteps(steps, total))
    // Leading with the offset of 1 the first DDIM code for Stable Diffusion had.
    case 'ddim':
      return atTimesteps(leadingTimesteps(steps, total, 1))
    case 'karras':
      return atSigmas(karrasSigmas(steps, low, high, rho))
    case 'exponential':
      return atSigmas(exponentialSigmas(steps, low, high))
    case 'polyexponential':
      return atSigmas(polyexponentialSigmas(steps, low, high, rho))
    case 'beta':
      return atSigmas(betaSigmas(steps, low, high))
    case 'kl-optimal':
      return endingAt(noise, klOptimalSigmas(steps, low, high))
    case 'align-your-steps':
      return atSigmas(alignYourStepsSigmas(steps, alignYourSteps))
    default:
      throw new RangeError(`Unknown schedule ${JSON.stringify(schedule satisfies never)}`)
  }
}

/**
 * Starts at √(1 + σ₀²) instead of σ₀, unit variance scaled up whole: as diffusers' DPM-Solver does, and its others where the first
 * level is well below the noisiest.
 */
function scaledUpWhole(levels: StepSchedule): StepSchedule {
  return { ...levels, initialSigma: Math.hypot(1, levels.initialSigma) }
}

/** Levels whose last one is where the last step ends, instead of clean. */
function endingAt(noise: NoiseSchedule, sigmas: readonly number[]): StepSchedule {
  const levels = levelsFromSigmas(noise, sigmas)
  return {
    ...levels,
    steps: levels.steps - 1,
    timesteps: levels.timesteps.slice(0, -1),
    sigmas: levels.sigmas.slice(0, -1),
    alphasCumprod: levels.alphasCumprod.slice(0, -1),
  }
}
