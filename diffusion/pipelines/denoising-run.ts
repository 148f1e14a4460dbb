// A run of one pass: the loop's state, what a U-Net call is asked for it, and what the sampler makes of the answer.
import type { Recipe } from '#contracts/recipe.ts'
import { throwIfAborted } from '../errors.ts'
import { type RgbImage, toRgbImage } from '../images/rgb-image.ts'
import type { AttentionLayer } from '../model/attention-outputs.ts'
import type { Model } from '../model/load-model.ts'
import type { LatentSize, UNetRow } from '../model/unet.ts'
import { assertFinite } from '../model/vae.ts'
import type { NoiseSource, Scheduler } from '../schedulers/scheduler.ts'
import type { ConditioningOfStep, StepConditioning } from './conditioning.ts'
import { averageAttention, type CrossAttentionMaps } from './cross-attention.ts'
import { guide, rescaleGuidance } from './guidance.ts'
import { type Inpainting, keepUnmasked } from './inpainting.ts'
import { latentsToRgb } from './preview.ts'
import type { PreparedCall, Run, StepReport } from './run.ts'
import { decodeSeamless, type Shift, type Tiling } from './seamless.ts'
import { type RunSnapshot, type RunState, takeSnapshot } from './snapshot.ts'

/** Everything of a run that does not change while it goes. */
export interface RunParts {
  readonly model: Model
  readonly recipe: Recipe
  /** Latent shape of this pass. */
  readonly size: LatentSize
  readonly conditioning: ConditioningOfStep
  readonly guidanceScale: number
  readonly scheduler: Scheduler
  readonly inpainting: Inpainting | undefined
  readonly tiling: Tiling
  readonly signal: AbortSignal | undefined
}

export type DenoisingState = Omit<RunState, 'recipe' | 'pass' | 'noisePosition' | 'history'>

/** What the last call's U-Net showed of itself for the conditional row. */
interface SeenAttention {
  readonly layers: readonly [AttentionLayer, ...AttentionLayer[]]
  /** Seamless tiling rolled the latents by it. */
  readonly shift: Shift
}

interface GuidedOutput {
  readonly modelOutput: Float32Array
  readonly unconditional: Float32Array | undefined
}

export class DenoisingRun implements Run {
  readonly #parts: RunParts
  readonly #noise: NoiseSource
  #callIndex: number
  #latents: Float32Array
  #predictedOriginal: Float32Array
  #attention: SeenAttention | undefined

  constructor(parts: RunParts, noise: NoiseSource, state: DenoisingState) {
    this.#parts = parts
    this.#noise = noise
    this.#callIndex = state.callIndex
    this.#latents = state.latents
    this.#predictedOriginal = state.predictedOriginal
  }

  get recipe(): Recipe {
    return this.#parts.recipe
  }
  get size(): LatentSize {
    return this.#parts.size
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
  get latents(): Float32Array {
    return this.#latents
  }
  get predictedOriginal(): Float32Array {
    return this.#predictedOriginal
  }

  async advance(): Promise<StepReport> {
    const { unet, rows, accept } = await this.prepareCall()
    return accept(await unet.predict(rows))
  }

  async prepareCall(): Promise<PreparedCall> {
    const { model, scheduler, conditioning, tiling, size, signal } = this.#parts
    throwIfAborted(signal)
    const index = this.#callIndex
    const call = scheduler.calls[index]
    if (call === undefined) throw new RangeError(`The run is done after ${this.callCount} calls`)

    // 8. The denoising U-Net with cross-attention: one call for every row, conditional and unconditional.
    const stepConditioning = conditioning(call.step)
    const shift = tiling.shiftAt(index)
    const [first, ...others] = this.#rows(index, call.timestep, stepConditioning)
    return {
      unet: model.unet,
      rows: [tiling.rollRow(first, shift), ...others.map((row) => tiling.rollRow(row, shift))],
      accept: (outputs) => {
        // 9. The predicted noise, guided by the prompt, is taken off down to the next level.
        const unrolled = outputs.map((output) => tiling.unroll(output.sample, size, shift))
        this.#step(index, this.#guided(unrolled, stepConditioning))
        const [layer, ...layers] = outputs[stepConditioning.unconditional ? 1 : 0]?.attention ?? []
        this.#attention = layer && { layers: [layer, ...layers], shift }
        return { callIndex: this.#callIndex, callCount: this.callCount, sigma: call.sigma }
      },
    }
  }

  preview(): RgbImage {
    return latentsToRgb(this.#predictedOriginal, this.size, this.#parts.model.manifest.latentRgb)
  }

  async previewDecoded(): Promise<RgbImage> {
    const { model, size, signal } = this.#parts
    if (model.previewDecoder === undefined)
      throw new RangeError('The model has no preview_decoder; preview() needs none')
    throwIfAborted(signal)
    return toRgbImage(await model.previewDecoder.decode(this.#predictedOriginal, size))
  }

  crossAttention(): CrossAttentionMaps | undefined {
    if (this.#attention === undefined) return undefined
    const { layers, shift } = this.#attention
    const maps = averageAttention(layers, this.size)
    return { ...maps, data: this.#parts.tiling.unroll(maps.data, this.size, shift) }
  }

  async decode(): Promise<RgbImage> {
    const { model, size, tiling, inpainting, signal } = this.#parts
    throwIfAborted(signal)
    // 10. Decoder: latents → pixels. 11. The final image.
    const decoded = toRgbImage(await decodeSeamless(model.vae, this.#latents, size, tiling))
    return inpainting ? inpainting.finish(decoded) : decoded
  }

  snapshot(): RunSnapshot {
    return takeSnapshot({
      recipe: this.recipe,
      pass: 1,
      callIndex: this.#callIndex,
      noisePosition: this.#noise.position,
      latents: this.#latents,
      predictedOriginal: this.#predictedOriginal,
      history: this.#parts.scheduler.history,
    })
  }

  /** [conditional...] or, under guidance, [unconditional, conditional...]. */
  #rows(index: number, timestep: number, { conditional, unconditional }: StepConditioning): [UNetRow, ...UNetRow[]] {
    const { model, scheduler, size, recipe, inpainting } = this.#parts
    const height = size.height * model.vae.scaleFactor
    const width = size.width * model.vae.scaleFactor
    const row = {
      sample: scheduler.scaleModelInput(this.#latents, index),
      size,
      timestep,
      ...(inpainting?.extraChannels ? { extraChannels: inpainting.extraChannels } : {}),
      ...(model.unet.takesPooledText ? { timeIds: [height, width, 0, 0, height, width] } : {}),
      ...(model.unet.takesGuidanceScale ? { guidanceScale: recipe.guidanceScale } : {}),
    }
    const [first, ...others] = conditional
    const rest = others.map(({ conditioning }) => ({ ...row, conditioning }))
    const firstRow = { ...row, conditioning: first.conditioning }
    return unconditional ? [{ ...row, conditioning: unconditional }, firstRow, ...rest] : [firstRow, ...rest]
  }

  #guided(outputs: readonly Float32Array[], conditioning: StepConditioning): GuidedOutput {
    const { guidanceScale, recipe } = this.#parts
    const unconditional = conditioning.unconditional ? outputs[0] : undefined
    const [first, ...others] = unconditional ? outputs.slice(1) : outputs
    if (first === undefined) throw new RangeError(`unet gave ${outputs.length} rows for the batch`)
    if (unconditional === undefined) return { modelOutput: first, unconditional }
    const weighted = [first, ...others].map((output, i) => ({
      output,
      weight: conditioning.conditional[i]?.weight ?? 1,
    }))
    const guided = guide(weighted, unconditional, guidanceScale)
    const share = recipe.guidanceRescale ?? 0
    return { modelOutput: share > 0 ? rescaleGuidance(guided, first, share) : guided, unconditional }
  }

  #step(index: number, { modelOutput, unconditional }: GuidedOutput): void {
    assertFinite('unet', modelOutput, index)
    const { sample, predictedOriginal } = this.#parts.scheduler.step({
      modelOutput,
      ...(unconditional ? { unconditionalOutput: unconditional } : {}),
      index,
      sample: this.#latents,
      noise: this.#noise,
    })
    this.#keep(sample, predictedOriginal, index + 1)
  }

  #keep(sample: Float32Array, predictedOriginal: Float32Array, callIndex: number): void {
    const { inpainting, scheduler } = this.#parts
    const blend = inpainting?.blend
    this.#callIndex = callIndex
    if (blend === undefined) {
      this.#latents = sample
      this.#predictedOriginal = predictedOriginal
      return
    }
    // What is not repainted follows the original's own noising, so that both sides are at the same level.
    const original = this.done ? blend.original : scheduler.addNoise(blend.original, blend.noise, callIndex)
    this.#latents = keepUnmasked(sample, original, blend.mask)
    this.#predictedOriginal = keepUnmasked(predictedOriginal, blend.original, blend.mask)
  }
}
