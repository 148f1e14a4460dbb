// One image being made, as its owner sees it. A run never loops by itself; whoever holds it calls `advance` until `done`, so
// runs can be interleaved, shown, cancelled and resumed.
import type { Recipe } from '#contracts/recipe.ts'
import type { RgbImage } from '../images/rgb-image.ts'
import type { LatentSize, UNet, UNetOutput, UNetRow } from '../model/unet.ts'
import type { CrossAttentionMaps } from './cross-attention.ts'
import type { RunSnapshot } from './snapshot.ts'

export interface StepReport {
  /** U-Net calls made, and to make; a second-order sampler makes two for one step. */
  readonly callIndex: number
  readonly callCount: number
  /** Noise level the finished call was made at. */
  readonly sigma: number
}

/** The next U-Net call of a run, apart from making it, so that several runs may share one: see advance-together.ts. */
export interface PreparedCall {
  readonly unet: UNet
  readonly rows: readonly [UNetRow, ...UNetRow[]]
  /** Takes the U-Net's answer, one output per row, and moves the run on. */
  accept(outputs: readonly UNetOutput[]): StepReport
}

export interface Run {
  readonly recipe: Recipe
  readonly callIndex: number
  readonly callCount: number
  readonly done: boolean
  /** Shape of the latents now; a second pass works on larger ones. */
  readonly size: LatentSize
  /** float32 [channels, height, width], at the noise level of the next call. */
  readonly latents: Float32Array
  /** What the model last took the clean latents to be; the noisy latents before the first call. */
  readonly predictedOriginal: Float32Array
  /** @throws RangeError when the run is done, AbortedError when it was stopped. */
  prepareCall(): Promise<PreparedCall>
  /** Stages 8 and 9: ONE U-Net call predicts the noise, the sampler removes its share. */
  advance(): Promise<StepReport>
  /** Linear latent → RGB of the predicted clean latents, one pixel per latent pixel. */
  preview(): RgbImage
  /**
   * The predicted clean latents through the model's small preview decoder.
   * @throws RangeError where the model has no `preview_decoder` (see `pipeline.hasPreviewDecoder`).
   */
  previewDecoded(): Promise<RgbImage>
  /**
   * Where the last call looked for each token of the prompt (the first, of prompts joined with AND). Undefined before the first
   * call of this process and for a U-Net without `cross_attention.<layer>` outputs. Computed when asked for.
   * @throws RangeError where a layer's resolution cannot be told from the latents' sides.
   */
  crossAttention(): CrossAttentionMaps | undefined
  /** Stages 10 and 11: the decoder turns the latents into the picture. */
  decode(): Promise<RgbImage>
  /** The whole state as plain JSON; `pipeline.resume` goes on from it bit for bit, in this process or another. */
  snapshot(): RunSnapshot
}
