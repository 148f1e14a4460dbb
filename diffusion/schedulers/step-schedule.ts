// The noise levels one run visits, from noisy to clean, as every sampler takes them. Which levels: schedules/.
import { alphaCumprodOf, at, interpolate, type NoiseSchedule } from './noise-schedule.ts'
import type { ModelCall } from './scheduler.ts'

/** Levels 0..steps; level `steps` is where the last step ends and no model call is made. */
export interface StepSchedule {
  readonly steps: number
  /** Training timestep per level a model call is made at, float64 [steps]; fractional where a level falls between two. */
  readonly timesteps: Float64Array
  /** σ per level, float64 [steps + 1], finite; the last is 0 (clean) or the model's smallest. */
  readonly sigmas: Float64Array
  /** ᾱ per level, float64 [steps + 1]; 0 at a zero-terminal-SNR start, where σ stands capped at 4096. */
  readonly alphasCumprod: Float64Array
  /** Standard deviation of a variance-exploding run's first sample: σ₀, or √(1 + σ₀²) where σ₀ is far from pure noise. */
  readonly initialSigma: number
  /** Levels skipped at the start of the person's step count by image-to-image strength. */
  readonly skipped: number
}

/** The calls of a sampler that asks the model once per step, at each level but the last. */
export function oneCallPerStep(levels: StepSchedule): readonly ModelCall[] {
  return Array.from({ length: levels.steps }, (_, i) => ({
    timestep: at(levels.timesteps, i),
    sigma: at(levels.sigmas, i),
    step: levels.skipped + i,
  }))
}

/** Levels at these training timesteps, then clean. */
export function levelsFromTimesteps(noise: NoiseSchedule, timesteps: readonly number[]): StepSchedule {
  return {
    steps: timesteps.length,
    timesteps: Float64Array.from(timesteps),
    sigmas: Float64Array.from([...timesteps.map(noise.sigmaAt), 0]),
    alphasCumprod: Float64Array.from([...timesteps.map(noise.alphaCumprodAt), 1]),
    initialSigma: noise.sigmaAt(timesteps[0] ?? 0),
    skipped: 0,
  }
}

/** Levels at these fractional timesteps, σ interpolated linearly between the two around each, then clean. */
export function levelsBetweenTimesteps(noise: NoiseSchedule, timesteps: readonly number[]): StepSchedule {
  const sigmas = timesteps.map((timestep) => interpolate(noise.sigmas, timestep))
  return { ...levelsFromSigmas(noise, sigmas), timesteps: Float64Array.from(timesteps) }
}

/** Levels at these σ, then clean; timesteps are looked up. */
export function levelsFromSigmas(noise: NoiseSchedule, sigmas: readonly number[]): StepSchedule {
  return {
    steps: sigmas.length,
    timesteps: Float64Array.from(sigmas, noise.timestepAt),
    sigmas: Float64Array.from([...sigmas, 0]),
    alphasCumprod: Float64Array.from([...sigmas.map(alphaCumprodOf), 1]),
    initialSigma: at(sigmas, 0),
    skipped: 0,
  }
}

/** Schedules that end at the smallest σ reach it through powers and logarithms, to within this. */
const ROUNDING = 1e-9

/**
 * Ends at the first training timestep's noise instead of clean, as DDIM's and PNDM's `set_alpha_to_one: false` asks; unless the
 * last call is already made there, where such a step would go nowhere.
 */
export function endingAtFirstTimestep(levels: StepSchedule, noise: NoiseSchedule): StepSchedule {
  const first = at(noise.sigmas, 0)
  if (at(levels.sigmas, levels.steps - 1) <= first * (1 + ROUNDING)) return levels
  return {
    ...levels,
    sigmas: levels.sigmas.with(levels.steps, first),
    alphasCumprod: levels.alphasCumprod.with(levels.steps, at(noise.alphasCumprod, 0)),
  }
}

/** Steps left at a strength: floor(steps × strength), as diffusers' image-to-image counts. May be 0, which no run can be. */
function stepsAtStrength(steps: number, strength: number): number {
  return Math.min(Math.floor(steps * strength), steps)
}

/**
 * The last floor(steps × strength) steps: image-to-image starts there from the input noised to that level.
 * @throws {RangeError} when no step would be left.
 */
export function atStrength(levels: StepSchedule, strength: number): StepSchedule {
  if (!(strength > 0 && strength <= 1)) {
    throw new RangeError(`Strength is above 0 and at most 1, got ${strength}`)
  }
  const kept = stepsAtStrength(levels.steps, strength)
  if (kept < 1) {
    throw new RangeError(`Steps times strength is at least 1, got ${levels.steps} × ${strength}`)
  }
  const skipped = levels.steps - kept
  return {
    ...levels,
    steps: kept,
    timesteps: levels.timesteps.slice(skipped),
    sigmas: levels.sigmas.slice(skipped),
    alphasCumprod: levels.alphasCumprod.slice(skipped),
    skipped,
  }
}

/** Leaves out the last level before the end: made one step longer, it keeps the step count (A1111 and ComfyUI, for DPM2). */
export function withoutPenultimate(levels: StepSchedule): StepSchedule {
  const dropped = levels.steps - 1
  const drop = (table: Float64Array) => table.filter((_, i) => i !== dropped)
  return {
    ...levels,
    steps: dropped,
    timesteps: drop(levels.timesteps),
    sigmas: drop(levels.sigmas),
    alphasCumprod: drop(levels.alphasCumprod),
  }
}
