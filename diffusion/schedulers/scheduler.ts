// What a sampler is to the pipeline: a frozen list of U-Net calls, and a pure step from one to the next.
// The pipeline owns the loop, so that it can cancel, report, batch and resume. After diffusers' schedulers and k-diffusion.

/** How noise is spread over training time; the contents of a diffusers `scheduler_config.json` we understand. */
export interface NoiseScheduleConfig {
  readonly numTrainTimesteps: number
  readonly betaStart: number
  readonly betaEnd: number
  readonly betaSchedule: 'linear' | 'scaled_linear' | 'squaredcos_cap_v2'
  /** Overrides the three fields above when a config carries its own betas. */
  readonly trainedBetas?: readonly number[]
  readonly predictionType: 'epsilon' | 'v_prediction' | 'sample'
  readonly timestepSpacing: 'linspace' | 'leading' | 'trailing'
  /** A σ schedule the model was published with; wins over `timestepSpacing` where the schedule is automatic. */
  readonly publishedSchedule?: 'karras' | 'exponential' | 'beta'
  readonly stepsOffset: number
  readonly setAlphaToOne: boolean
  readonly rescaleBetasZeroSnr: boolean
}

/** One U-Net call. A second-order sampler makes two calls for one step, and both are listed. */
export interface ModelCall {
  /** What the U-Net is told, in training timesteps; fractional where a schedule falls between two. */
  readonly timestep: number
  /** Noise level sqrt((1 - ᾱ) / ᾱ) at this call. */
  readonly sigma: number
  /** The step (0-based) of the person's step count this call belongs to. */
  readonly step: number
}

/** A stretch of one Brownian path over the noise levels `low` to `high`. */
export interface PathStretch {
  readonly from: number
  readonly to: number
  readonly low: number
  readonly high: number
  readonly size: number
}

/** Standard-normal values for one image, drawn in order; `position` is how many draws were made, so a run can resume. */
export interface NoiseSource {
  readonly position: number
  /** float32 [size] of fresh noise. */
  next(size: number): Float32Array
  /**
   * Sources that hold a whole Brownian path give SDE samplers its increments, at unit variance, instead of fresh noise. The same
   * stretch always gives the same values, so `position` does not move.
   */
  between?(stretch: PathStretch): Float32Array
}

export interface StepInput {
  /** U-Net output after guidance, float32 [size] of one image. */
  readonly modelOutput: Float32Array
  /** The unconditional half alone, where guidance ran; CFG++ samplers need it. */
  readonly unconditionalOutput?: Float32Array
  /** Index into `calls`. */
  readonly index: number
  /** The sample this call was made for, before `scaleModelInput`. */
  readonly sample: Float32Array
  readonly noise: NoiseSource
}

export interface StepOutput {
  /** The sample for call `index + 1`, or the final latents after the last call. */
  readonly sample: Float32Array
  /** What the model now takes the clean latents to be. */
  readonly predictedOriginal: Float32Array
}

/** JSON-serialisable memory of a multistep sampler; arrays of numbers as Float32Array are encoded by the pipeline. */
export type SchedulerHistory = readonly Float32Array[]

/** One sampler on one schedule for one image. Holds only its history; everything else is an argument. */
export interface Scheduler {
  readonly calls: readonly ModelCall[]
  /** Standard deviation the first sample is expected to have. */
  readonly initNoiseSigma: number
  /**
   * Set by CFG++ samplers only: the guidance scale is multiplied by `multiplier` before use, and the unconditional output is
   * needed with every call, also where that makes the scale 1.
   */
  readonly guidance?: { readonly multiplier: number; readonly needsUnconditional: boolean }
  /** What the U-Net is fed for this sample at call `index`. */
  scaleModelInput(sample: Float32Array, index: number): Float32Array
  /** Forward diffusion: clean latents noised to the level of call `index`. */
  addNoise(original: Float32Array, noise: Float32Array, index: number): Float32Array
  step(input: StepInput): StepOutput
  readonly history: SchedulerHistory
  /** Puts back a `history` taken before, to resume a run. */
  restore(history: SchedulerHistory): void
}
