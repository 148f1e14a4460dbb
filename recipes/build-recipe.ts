// From what was asked to the recipe that decides the pixels, by the rules of contracts/recipe.ts and of the model: for the server, the
// visitor's device and the command line alike. Pure.
import { DewpointError } from '#contracts/errors.ts'
import type { ModelManifest } from '#contracts/model-manifest.ts'
import { type NetworkRef, type Recipe, recipeSchema } from '#contracts/recipe.ts'
import { imageSeed } from './image-recipe.ts'
import { networksOf } from './prompt/networks.ts'

export type RecipeModel = Pick<ModelManifest, 'id' | 'hash' | 'name' | 'sizes' | 'fixedSize'>

/** What is found rather than asked for. */
interface Found {
  readonly seed: number
  /** The files behind what the prompts name with some seed. */
  readonly networks?: readonly NetworkRef[] | undefined
  /** By the hash of the prepared picture. */
  readonly input?: Recipe['input']
  readonly mask?: Recipe['mask']
}

/** What was not chosen is absent or undefined. */
export interface AskedSettings extends Omit<Recipe, 'version' | 'model' | 'negativePrompt' | 'noise' | keyof Found> {
  readonly negativePrompt?: string | undefined
  readonly noise?: Recipe['noise'] | undefined
}

/** @throws DewpointError input.invalid naming the field, the value and the rule. */
export function buildRecipe(model: RecipeModel, asked: AskedSettings, found: Found): Recipe {
  const recipe = parseRecipe({
    ...asked,
    version: 1,
    model: { id: model.id, hash: model.hash },
    negativePrompt: asked.negativePrompt ?? '',
    noise: asked.noise ?? 'philox',
    seed: found.seed,
    networks: loadedNetworks(asked, found),
    input: found.input,
    mask: found.mask,
  })
  const { width, height } = recipe
  if (model.fixedSize && !model.sizes.some((size) => size.width === width && size.height === height)) {
    const offered = model.sizes.map((size) => `${size.width}x${size.height}`).join(', ')
    throw new DewpointError('input.invalid', `width, height: ${model.name} makes ${offered}, not ${width}x${height}`)
  }
  return recipe
}

/** Without what is undefined: an absent setting and an undefined one must be the same recipe. @throws DewpointError input.invalid */
export function parseRecipe(recipe: { readonly [Field in keyof Recipe]: unknown }): Recipe {
  const parsed = recipeSchema.safeParse(
    Object.fromEntries(Object.entries(recipe).filter(([, value]) => value !== undefined)),
  )
  if (parsed.success) return parsed.data
  const rules = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  throw new DewpointError('input.invalid', rules.join('; '), { cause: parsed.error })
}

/** Of the networks the prompts may name those that any of the pictures loads. */
function loadedNetworks(
  { prompt, weighting, count }: AskedSettings,
  { seed, networks = [] }: Found,
): NetworkRef[] | undefined {
  const uses = Array.from({ length: networks.length === 0 ? 0 : count }, (_, index) =>
    networksOf({ prompt, weighting, seed: imageSeed(seed, index), networks: [...networks] }),
  ).flat()
  const loaded = networks.filter(({ kind, name }) => uses.some((use) => use.kind === kind && use.name === name))
  return loaded.length === 0 ? undefined : loaded
}
