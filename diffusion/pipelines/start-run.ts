// Stages 1 to 7 of latent diffusion: from a recipe, and an image where there is one, to noisy latents ready to denoise.
// Stages 8 and 9 are `DenoisingRun.advance`, 10 and 11 its `decode`.
import type { Recipe } from '#contracts/recipe.ts'
import { throwIfAborted } from '../errors.ts'
import { type RgbImage, toPixels } from '../images/rgb-image.ts'
import type { Model } from '../model/load-model.ts'
import type { LatentSize } from '../model/unet.ts'
import { createNoise } from '../noise/index.ts'
import { createScheduler } from '../schedulers/index.ts'
import type { NoiseSource } from '../schedulers/scheduler.ts'
import { latentSize } from './check-recipe.ts'
import { encodePrompts } from './conditioning.ts'
import { DenoisingRun, type RunParts } from './denoising-run.ts'
import { type Inpainting, type MaskedInput, prepareInpainting, takesMask, unmaskedChannels } from './inpainting.ts'
import type { Pass } from './passes.ts'
import { createTiling } from './seamless.ts'
import type { RunState } from './snapshot.ts'
import { slerpNoise } from './variation.ts'

/** What a pass starts from beside noise. */
export interface PassStart {
  /** Of the pass's size. */
  readonly image?: RgbImage | undefined
  /** Clean latents of the pass's size, instead of an image. */
  readonly latents?: Float32Array | undefined
  readonly masked?: MaskedInput | undefined
}

export interface StartPassOptions {
  readonly model: Model
  readonly recipe: Recipe
  readonly pass: Pass
  readonly start: PassStart
  readonly signal: AbortSignal | undefined
  /** Goes on from here instead of from the first noise level. */
  readonly state?: RunState | undefined
}

export async function startPass(options: StartPassOptions): Promise<DenoisingRun> {
  const { model, recipe, pass, start, signal, state } = options
  throwIfAborted(signal)
  const size = latentSize(model, pass)
  const scheduler = createPassScheduler(model, recipe, pass)

  // 1. Conditioning and 2. text transformer: prompts → embeddings.
  const guidanceScale = recipe.guidanceScale * (scheduler.guidance?.multiplier ?? 1)
  const needsUnconditional = scheduler.guidance?.needsUnconditional ?? false
  const prompt = { recipe, steps: pass.steps, guidanceScale, needsUnconditional, signal }
  const conditioning = await encodePrompts(model, prompt)
  throwIfAborted(signal)

  // 3. Image input, 4. encoder: pixels → 5. the latent vector.
  const noise = createNoise(recipe.noise, recipe.seed, 0, recipe.sdeNoise)
  const fromNoise = isFromNoise(pass, start)
  const image = start.masked?.image ?? start.image
  const isBlending = start.masked !== undefined && !takesMask(model)
  const encodes = image !== undefined && (!fromNoise || isBlending) && (state === undefined || isBlending)
  const original = encodes ? (await model.vae.encode(toPixels(image), noise)).latents : start.latents
  throwIfAborted(signal)

  // 6. Forward diffusion to the first call's noise level → 7. noisy latents.
  const drawn = drawInitialNoise(recipe, noise, size)
  const inpainting = await prepareMask({ model, size, start, original, drawn, noise })
  const parts: RunParts = {
    model,
    recipe,
    size,
    conditioning,
    guidanceScale,
    scheduler,
    inpainting,
    tiling: createTiling(recipe.tiling, size),
    signal,
  }
  if (state !== undefined) return resume(parts, state)
  const latents =
    fromNoise || original === undefined
      ? drawn.map((value) => value * scheduler.initNoiseSigma)
      : scheduler.addNoise(original, drawn, 0)
  return new DenoisingRun(parts, noise, { latents, predictedOriginal: latents, callIndex: 0 })
}

/** Inpainting at full strength forgets what was there, as in diffusers; plain image-to-image keeps the faint trace of it. */
function isFromNoise({ strength }: Pass, { image, latents, masked }: PassStart): boolean {
  if (masked !== undefined) return strength === 1
  return image === undefined && latents === undefined
}

export function createPassScheduler(model: Model, recipe: Recipe, { steps, strength }: Pass) {
  const { sampler, schedule, eta, sChurn, sNoise, rho, zeroTerminalSnr } = recipe
  const config = model.noiseSchedule
  const alignYourSteps = model.manifest.family === 'sdxl' ? 'sdxl' : 'sd'
  const options = { eta, sChurn, sNoise, rho, zeroTerminalSnr, alignYourSteps } as const
  return createScheduler({ sampler, schedule, steps, config, strength, ...options })
}

function drawInitialNoise({ noise: kind, variation }: Recipe, noise: NoiseSource, size: LatentSize): Float32Array {
  const count = size.channels * size.height * size.width
  const drawn = noise.next(count)
  if (variation === undefined || variation.strength === 0) return drawn
  return slerpNoise(variation.strength, drawn, createNoise(kind, variation.seed).next(count), size)
}

async function prepareMask(options: {
  readonly model: Model
  readonly size: LatentSize
  readonly start: PassStart
  readonly original: Float32Array | undefined
  readonly drawn: Float32Array
  readonly noise: NoiseSource
}): Promise<Inpainting | undefined> {
  const { model, size, start, noise } = options
  if (start.masked !== undefined) return prepareInpainting({ ...options, input: start.masked })
  if (!takesMask(model)) return undefined
  return { extraChannels: await unmaskedChannels(model, size, noise), blend: undefined, finish: (decoded) => decoded }
}

function resume(parts: RunParts, state: RunState): DenoisingRun {
  parts.scheduler.restore(state.history)
  const count = parts.size.channels * parts.size.height * parts.size.width
  if (state.latents.length !== count) {
    throw new RangeError(`The snapshot holds ${state.latents.length} latent values, this run has ${count}`)
  }
  const { noise, seed, sdeNoise } = parts.recipe
  return new DenoisingRun(parts, createNoise(noise, seed, state.noisePosition, sdeNoise), state)
}
