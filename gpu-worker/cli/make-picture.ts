// One recipe → one encoded picture, with the time each part took.
import type { Recipe } from '#contracts/recipe.ts'
import { throwIfAborted } from '#diffusion/errors.ts'
import type { Mask } from '#diffusion/images/mask.ts'
import type { RgbImage } from '#diffusion/images/rgb-image.ts'
import type { Pipeline } from '#diffusion/pipelines/pipeline.ts'
import { encodePicture, type Picture } from '../picture/encode-picture.ts'

export interface MakePictureOptions {
  readonly pipeline: Pipeline
  /** Count 1. */
  readonly recipe: Recipe
  readonly modelName: string
  readonly input: RgbImage | undefined
  readonly mask: Mask | undefined
  readonly signal: AbortSignal
  readonly now: () => number
  readonly onStart: (callCount: number) => void
  readonly onStep: (callIndex: number) => void
}

/** Milliseconds from prompt to bytes, and of its four parts. */
export interface PictureTimings {
  readonly prepareMs: number
  readonly denoiseMs: number
  readonly decodeMs: number
  readonly encodeMs: number
  readonly totalMs: number
}

export interface MadePicture {
  readonly picture: Picture
  readonly timings: PictureTimings
}

export async function makePicture(options: MakePictureOptions): Promise<MadePicture> {
  const { pipeline, recipe, modelName, input, mask, signal, now, onStart, onStep } = options
  const startedMs = now()
  const run = await pipeline.start({ recipe, ...(input === undefined ? {} : { input }), ...(mask && { mask }), signal })
  const preparedMs = now()
  onStart(run.callCount)
  while (!run.done) {
    const { callIndex } = await run.advance()
    onStep(callIndex)
    // Ctrl-C and the progress bar's own timer get their turn between two calls.
    await new Promise(setImmediate)
    throwIfAborted(signal)
  }
  const denoisedMs = now()
  const image = await run.decode()
  const decodedMs = now()
  const picture = await encodePicture(image, recipe, modelName)
  const encodedMs = now()
  return {
    picture,
    timings: {
      prepareMs: preparedMs - startedMs,
      denoiseMs: denoisedMs - preparedMs,
      decodeMs: decodedMs - denoisedMs,
      encodeMs: encodedMs - decodedMs,
      totalMs: encodedMs - startedMs,
    },
  }
}
