// From arguments, a recipe to start from and the model's manifest to one complete recipe per picture: what the arguments leave out
// comes from the recipe, and what that leaves out from the manifest.
import { randomInt } from 'node:crypto'
import { SEED_MAX } from '#contracts/limits.ts'
import type { ModelManifest } from '#contracts/model-manifest.ts'
import type { Recipe } from '#contracts/recipe.ts'
import { buildRecipe } from '#recipes/build-recipe.ts'
import { type GenerateArguments, upwards } from './arguments.ts'

/** What a recipe file says of the pictures; the model and the input picture are found separately. */
export type RecipeBase = Partial<Omit<Recipe, 'version' | 'model' | 'input' | 'mask'>>

const STRENGTH_DEFAULT = 0.6

/** Width and height of the pictures. */
export function chooseSize(
  args: GenerateArguments,
  base: RecipeBase,
  manifest: ModelManifest,
): { width: number; height: number } {
  const [preset] = manifest.sizes
  return {
    width: args.width ?? base.width ?? preset?.width ?? 0,
    height: args.height ?? base.height ?? preset?.height ?? 0,
  }
}

/** `strength`: the recipe's own, where it starts from a picture. `hash`: SHA-256 of the prepared input picture. */
export interface InputChoice {
  readonly hash: string
  readonly strength: number | undefined
  readonly mask: Recipe['mask']
}

/** One recipe per picture, count 1 each. @throws DewpointError input.invalid */
export function buildRecipes(
  args: GenerateArguments,
  base: RecipeBase,
  manifest: ModelManifest,
  input: InputChoice | undefined,
): Recipe[] {
  const { defaults } = manifest
  const { seed: _seed, networks, ...settings } = base
  const asked = {
    ...settings,
    prompt: args.prompt ?? base.prompt ?? '',
    negativePrompt: args.negativePrompt ?? base.negativePrompt,
    count: 1,
    ...chooseSize(args, base, manifest),
    steps: args.steps ?? base.steps ?? defaults.steps,
    sampler: args.sampler ?? base.sampler ?? defaults.sampler,
    schedule: args.schedule ?? base.schedule ?? defaults.schedule,
    guidanceScale: args.guidanceScale ?? base.guidanceScale ?? defaults.guidanceScale,
    ...args.optional,
  }
  return chooseSeeds(args, base).map((seed) =>
    buildRecipe(manifest, asked, {
      seed,
      networks,
      input: input && { hash: input.hash, strength: args.image?.strength ?? input.strength ?? STRENGTH_DEFAULT },
      mask: input?.mask,
    }),
  )
}

function chooseSeeds({ seeds, count }: GenerateArguments, base: RecipeBase): readonly number[] {
  if (seeds !== null) return seeds
  return base.seed === undefined ? drawSeeds(count ?? 1) : upwards(base.seed, count ?? base.count ?? 1)
}

/** A drawn seed and the ones after it, so that one number brings the whole set back. */
const drawSeeds = (count: number): number[] => upwards(randomInt(SEED_MAX + 1), count)
