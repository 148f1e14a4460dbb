// Hires fix: a picture made at the size the model composes well at, enlarged, noised again and denoised for detail. To its owner
// it is one run; the second pass is an image-to-image run with the same seed that starts when the first is done.
import type { Recipe } from '#contracts/recipe.ts'
import type { RgbImage } from '../images/rgb-image.ts'
import type { LatentSize } from '../model/unet.ts'
import type { CrossAttentionMaps } from './cross-attention.ts'
import type { DenoisingRun } from './denoising-run.ts'
import type { PreparedCall, Run, StepReport } from './run.ts'
import type { RunSnapshot } from './snapshot.ts'

export interface TwoPasses {
  /** Undefined in a run resumed within its second pass. */
  readonly first: DenoisingRun | undefined
  readonly second: DenoisingRun | undefined
  readonly firstCallCount: number
  readonly secondCallCount: number
  readonly startSecond: (first: DenoisingRun) => Promise<DenoisingRun>
}

export class TwoPassRun implements Run {
  readonly recipe: Recipe
  readonly #passes: TwoPasses
  #second: DenoisingRun | undefined

  constructor(recipe: Recipe, passes: TwoPasses) {
    this.recipe = recipe
    this.#passes = passes
    this.#second = passes.second
  }

  get #current(): DenoisingRun {
    const current = this.#second ?? this.#passes.first
    if (current === undefined) throw new RangeError('A run of two passes has one of them')
    return current
  }
  get callIndex(): number {
    return this.#second ? this.#passes.firstCallCount + this.#second.callIndex : this.#current.callIndex
  }
  get callCount(): number {
    return this.#passes.firstCallCount + this.#passes.secondCallCount
  }
  get done(): boolean {
    return this.#second?.done ?? false
  }
  get size(): LatentSize {
    return this.#current.size
  }
  get latents(): Float32Array {
    return this.#current.latents
  }
  get predictedOriginal(): Float32Array {
    return this.#current.predictedOriginal
  }

  async advance(): Promise<StepReport> {
    const { unet, rows, accept } = await this.prepareCall()
    return accept(await unet.predict(rows))
  }

  async prepareCall(): Promise<PreparedCall> {
    const { first } = this.#passes
    if (this.#second === undefined && first?.done) this.#second = await this.#passes.startSecond(first)
    const call = await this.#current.prepareCall()
    return {
      ...call,
      accept: (outputs) => {
        const { sigma } = call.accept(outputs)
        return { callIndex: this.callIndex, callCount: this.callCount, sigma }
      },
    }
  }

  preview(): RgbImage {
    return this.#current.preview()
  }

  previewDecoded(): Promise<RgbImage> {
    return this.#current.previewDecoded()
  }

  crossAttention(): CrossAttentionMaps | undefined {
    return this.#current.crossAttention()
  }

  decode(): Promise<RgbImage> {
    return this.#current.decode()
  }

  snapshot(): RunSnapshot {
    return { ...this.#current.snapshot(), pass: this.#second ? 2 : 1 }
  }
}
