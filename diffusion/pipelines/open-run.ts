// A recipe and its images → a run at its beginning, or where a snapshot left it. Decides the passes; each is start-run.ts's.
import type { Recipe } from '#contracts/recipe.ts'
import { resizeBilinear } from '../images/bilinear.ts'
import { resizeBytes } from '../images/region.ts'
import type { Model } from '../model/load-model.ts'
import { checkRecipe, latentSize, type RecipeImages } from './check-recipe.ts'
import type { DenoisingRun } from './denoising-run.ts'
import { prepareMaskedInput } from './inpainting.ts'
import { firstPass, type Pass, secondPass } from './passes.ts'
import type { Run } from './run.ts'
import type { RunState } from './snapshot.ts'
import { createPassScheduler, type PassStart, startPass } from './start-run.ts'
import { TwoPassRun } from './two-pass-run.ts'

export interface OpenOptions extends RecipeImages {
  readonly recipe: Recipe
  readonly signal?: AbortSignal | undefined
  readonly state?: RunState
}

export async function openRun(model: Model, options: OpenOptions): Promise<Run> {
  const { recipe, input, mask, signal, state } = options
  checkRecipe(model, recipe, { input, mask })
  const start: PassStart = input && mask ? { masked: prepareMaskedInput(recipe, input, mask) } : { image: input }
  const first = firstPass(recipe)
  const second = secondPass(recipe)
  if (second === undefined) return startPass({ model, recipe, pass: first, start, signal, state })

  // Both passes have to be possible before the first is paid for.
  latentSize(model, second)
  const inSecond = state?.pass === 2
  const pass = { model, recipe, signal, state }
  return new TwoPassRun(recipe, {
    first: inSecond ? undefined : await startPass({ ...pass, pass: first, start }),
    second: inSecond ? await startPass({ ...pass, pass: second, start: {} }) : undefined,
    firstCallCount: createPassScheduler(model, recipe, first).calls.length,
    secondCallCount: createPassScheduler(model, recipe, second).calls.length,
    startSecond: async (run) =>
      startPass({ model, recipe, pass: second, start: await enlarge(model, recipe, run, second), signal }),
  })
}

/** What the first pass made, at the second's size. */
async function enlarge(model: Model, { hires }: Recipe, run: DenoisingRun, pass: Pass): Promise<PassStart> {
  if (hires?.upscaler === 'latent') return { latents: resizeBilinear(run.latents, run.size, latentSize(model, pass)) }
  const picture = await run.decode()
  const { width, height } = pass
  return { image: { width, height, rgb: resizeBytes(picture.rgb, 3, picture, pass) } }
}
