// One image being made: its state, and what a U-Net call needs of it and gives back to it. A run never loops by itself;
// whoever holds it calls `advance` until `done`, so runs can be interleaved, batched, shown, cancelled and resumed.
import type { Recipe } from '#contracts/recipe.ts'
import { throwIfAborted } from '../errors.ts'
import type { Model } from '../model/load-model.ts'
import type { Conditioning, LatentSize, UNetRow } from '../model/unet.ts'
import { assertFinite } from '../model/vae.ts'
import type { NoiseSource, Scheduler } from '../schedulers/scheduler.ts'
import { guide } from './guidance.ts'
import { type RgbImage, toRgbImage } from './images.ts'
import { latentsToRgb } from './preview.ts'
import { type RunSnapshot, takeSnapshot } from './snapshot.ts'

export interface StepReport {
  /** U-Net calls made, and to make; a second-order sampler makes two for one step. */
  readonly callIndex: number
  readonly callCount: number
  /** Noise level the finished call was made at. */
  readonly sigma: number
}

export interface RunParts {
  readonly model: Model
  /** Recipe of this one image: count 1. */
  readonly recipe: Recipe
  readonly size: LatentSize
  readonly conditional: Conditioning
  /** Absent where guidance is not computed: scale 1, or a model that is told the scale. */
  readonly unconditional: Conditioning | undefined
  readonly scheduler: Scheduler
  readonly noise: NoiseSource
  readonly latents: Float32Array
  readonly callIndex: number
  readonly signal: AbortSignal | undefined
}

export class Run {
  readonly recipe: Recipe
  readonly size: LatentSize
  readonly #parts: RunParts
  #callIndex: number
  #latents: Float32Array
  #predictedOriginal: Float32Array | undefined

  constructor(parts: RunParts, predictedOriginal?: Float32Array) {
    this.recipe = parts.recipe
    this.size = parts.size
    this.#parts = parts
    this.#callIndex = parts.callIndex
    this.#latents = parts.latents
    this.#predictedOriginal = predictedOriginal
  }

  get callIndex(): number {
    return this.#callIndex
  }
  get callCount(): number {
    return this.#parts.scheduler.calls.length
  }
  get done(): boolean {
    return this.#callIndex >= this.callCount
  }
  /** float32 [channels, height, width], at the noise level of the next call. */
  get latents(): Float32Array {
    return this.#latents
  }
  /** What the model last took the clean latents to be; the noisy latents before the first call. */
  get predictedOriginal(): Float32Array {
    return this.#predictedOriginal ?? this.#latents
  }

  /** Stages 8 and 9: ONE U-Net call predicts the noise, the sampler removes its share. */
  async advance(): Promise<StepReport> {
    const rows = this.rows()
    return this.accept(await this.#parts.model.unet.predict(rows))
  }

  /** What the next U-Net call is asked for this image: [conditional], or [unconditional, conditional] under guidance. */
  rows(): [UNetRow, ...UNetRow[]] {
    const { model, scheduler, recipe, conditional, unconditional, size, signal } = this.#parts
    throwIfAborted(signal)
    const call = scheduler.calls[this.#callIndex]
    if (call === undefined) throw new RangeError(`The run is done after ${this.callCount} calls`)
    const row = {
      sample: scheduler.scaleModelInput(this.#latents, this.#callIndex),
      size,
      timestep: call.timestep,
      ...(model.unet.takesPooledText
        ? { timeIds: [recipe.height, recipe.width, 0, 0, recipe.height, recipe.width] }
        : {}),
      ...(model.unet.takesGuidanceScale ? { guidanceScale: recipe.guidanceScale } : {}),
    }
    const conditionalRow = { ...row, conditioning: conditional }
    return unconditional === undefined ? [conditionalRow] : [{ ...row, conditioning: unconditional }, conditionalRow]
  }

  /** Takes the U-Net's answer to `rows()` and moves the latents one call on. */
  accept(outputs: readonly Float32Array[]): StepReport {
    const { scheduler, recipe, noise } = this.#parts
    const index = this.#callIndex
    const conditional = outputs.at(-1)
    const unconditional = outputs.length === 2 ? outputs[0] : undefined
    const sigma = scheduler.calls[index]?.sigma
    if (conditional === undefined || sigma === undefined) throw new RangeError(`The run is done after ${index} calls`)
    const guidanceScale = recipe.guidanceScale * (scheduler.guidance?.multiplier ?? 1)
    const modelOutput = unconditional ? guide(conditional, unconditional, guidanceScale) : conditional
    assertFinite('unet', modelOutput, index)
    const { sample, predictedOriginal } = scheduler.step({
      modelOutput,
      ...(unconditional ? { unconditionalOutput: unconditional } : {}),
      index,
      sample: this.#latents,
      noise,
    })
    this.#latents = sample
    this.#predictedOriginal = predictedOriginal
    this.#callIndex = index + 1
    return { callIndex: this.#callIndex, callCount: this.callCount, sigma }
  }

  /** Linear latent → RGB of the predicted clean latents, one pixel per latent pixel. */
  preview(): RgbImage {
    return latentsToRgb(this.predictedOriginal, this.size, this.#parts.model.manifest.latentRgb)
  }

  /** Stages 10 and 11: the decoder turns the latents into the picture. */
  async decode(): Promise<RgbImage> {
    const { model, signal } = this.#parts
    throwIfAborted(signal)
    return toRgbImage(await model.vae.decode(this.#latents, this.size))
  }

  /** The whole state as plain JSON; `pipeline.resume` goes on from it bit for bit, in this process or another. */
  snapshot(): RunSnapshot {
    const { recipe, scheduler, noise } = this.#parts
    return takeSnapshot({
      recipe,
      callIndex: this.#callIndex,
      noisePosition: noise.position,
      latents: this.#latents,
      predictedOriginal: this.predictedOriginal,
      history: scheduler.history,
    })
  }
}
