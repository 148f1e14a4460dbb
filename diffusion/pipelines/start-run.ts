// Stages 1 to 7 of latent diffusion: from a recipe, and an image where there is one, to noisy latents ready to denoise.
// Stages 8 and 9 are `Run.advance`, 10 and 11 `Run.decode`.
import type { Recipe } from '#contracts/recipe.ts'
import { throwIfAborted } from '../errors.ts'
import type { Model } from '../model/load-model.ts'
import { createNoise } from '../noise/index.ts'
import { createScheduler, type Scheduler } from '../schedulers/index.ts'
import { checkRecipe } from './check-recipe.ts'
import { encodeNegativePrompt, encodePrompt } from './conditioning.ts'
import { type RgbImage, toPixels } from './images.ts'
import { Run } from './run.ts'
import { readSnapshot } from './snapshot.ts'

export interface StartOptions {
  /** Recipe of one image: count 1. */
  readonly recipe: Recipe
  /** The image to start from, of the recipe's size; given exactly when the recipe has `input`. */
  readonly input?: RgbImage
  readonly signal?: AbortSignal
}

/** @throws RangeError where the model cannot make the recipe; AbortedError; a named error where a graph fails. */
export async function startRun(model: Model, { recipe, input, signal }: StartOptions): Promise<Run> {
  throwIfAborted(signal)
  const size = checkRecipe(model, recipe, input)

  // 1. Conditioning and 2. text transformer: prompts → embeddings.
  const scheduler = createRunScheduler(model, recipe)
  const prompts = await encodePrompts(model, recipe, scheduler)
  throwIfAborted(signal)

  // 3. Image input: seeded noise, and the image to start from if there is one.
  const noise = createNoise(recipe.noise, recipe.seed)

  // 4. Encoder: pixels → 5. the latent vector.
  const clean = input && (await encodeImage(model, input, noise))
  throwIfAborted(signal)

  // 6. Forward diffusion to the first call's noise level → 7. noisy latents.
  const drawn = noise.next(size.channels * size.height * size.width)
  const latents = clean ? scheduler.addNoise(clean, drawn, 0) : drawn.map((value) => value * scheduler.initNoiseSigma)

  return new Run({ model, recipe, size, ...prompts, scheduler, noise, latents, callIndex: 0, signal })
}

/** Goes on from a snapshot. Everything the snapshot does not hold follows from its recipe. */
export async function resumeRun(model: Model, snapshot: unknown, signal?: AbortSignal): Promise<Run> {
  throwIfAborted(signal)
  const { recipe, callIndex, noisePosition, latents, predictedOriginal, history } = readSnapshot(snapshot)
  const size = checkRecipe(model, recipe, undefined)
  const scheduler = createRunScheduler(model, recipe)
  const prompts = await encodePrompts(model, recipe, scheduler)
  const noise = createNoise(recipe.noise, recipe.seed, noisePosition)
  scheduler.restore(history)
  return new Run({ model, recipe, size, ...prompts, scheduler, noise, latents, callIndex, signal }, predictedOriginal)
}

async function encodePrompts(model: Model, recipe: Recipe, scheduler: Scheduler) {
  const conditional = await encodePrompt(model, recipe.prompt)
  // At scale 1 the unconditional half cancels out; a model that is told the scale was distilled to need no such half.
  const needed = recipe.guidanceScale !== 1 || scheduler.guidance?.needsUnconditional === true
  const guided = needed && !model.unet.takesGuidanceScale
  return { conditional, unconditional: guided ? await encodeNegativePrompt(model, recipe.negativePrompt) : undefined }
}

function createRunScheduler(model: Model, { sampler, schedule, steps, input, samplerOptions }: Recipe): Scheduler {
  return createScheduler({
    sampler,
    schedule,
    steps,
    config: model.noiseSchedule,
    alignYourSteps: model.manifest.family === 'sdxl' ? 'sdxl' : 'sd',
    ...samplerOptions,
    ...(input ? { strength: input.strength } : {}),
  })
}

async function encodeImage(model: Model, input: RgbImage, noise: Parameters<NonNullable<Model['vae']['encode']>>[1]) {
  if (model.vae.encode === undefined)
    throw new RangeError(`${model.manifest.id} has no vae_encoder: it takes no input image`)
  return (await model.vae.encode(toPixels(input), noise)).latents
}
