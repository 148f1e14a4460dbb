// From arguments, a recipe to start from and the model's manifest to one complete recipe per picture: what the arguments leave out
// comes from the recipe, and what that leaves out from the manifest.
import { randomInt } from 'node:crypto'
import { SEED_MAX } from '#contracts/limits.ts'
import type { ModelManifest } from '#contracts/model-manifest.ts'
import { type Recipe, recipeSchema } from '#contracts/recipe.ts'
import { type GenerateArguments, UsageError, upwards } from './arguments.ts'

/** What a recipe file says of the pictures; the model and the input picture are found separately. */
export type RecipeBase = Partial<Omit<Recipe, 'version' | 'model' | 'input' | 'mask'>>

const STRENGTH_DEFAULT = 0.6

/** Width and height of the pictures. @throws UsageError where the model cannot make that size. */
export function chooseSize(
  args: GenerateArguments,
  base: RecipeBase,
  manifest: ModelManifest,
): { width: number; height: number } {
  const [preset] = manifest.sizes
  const width = args.width ?? base.width ?? preset?.width ?? 0
  const height = args.height ?? base.height ?? preset?.height ?? 0
  if (manifest.fixedSize && !manifest.sizes.some((size) => size.width === width && size.height === height)) {
    const sizes = manifest.sizes.map((size) => `${size.width}x${size.height}`).join(', ')
    throw new UsageError(`${manifest.id} makes ${sizes} only, got ${width}x${height}`)
  }
  return { width, height }
}

/** `strength`: the recipe's own, where it starts from a picture. `hash`: SHA-256 of the prepared input picture. */
export interface InputChoice {
  readonly hash: string
  readonly strength: number | undefined
  readonly mask: Recipe['mask']
}

/** One recipe per picture, count 1 each. */
export function buildRecipes(
  args: GenerateArguments,
  base: RecipeBase,
  manifest: ModelManifest,
  input: InputChoice | undefined,
): Recipe[] {
  const { defaults } = manifest
  const samplerOptions = Object.entries(args.samplerOptions).filter(([, value]) => value !== undefined)
  return chooseSeeds(args, base).map((seed) => {
    const parsed = recipeSchema.safeParse({
      ...base,
      version: 1,
      model: { id: manifest.id, hash: manifest.hash },
      prompt: args.prompt ?? base.prompt,
      negativePrompt: args.negativePrompt ?? base.negativePrompt ?? '',
      seed,
      count: 1,
      ...chooseSize(args, base, manifest),
      steps: args.steps ?? base.steps ?? defaults.steps,
      sampler: args.sampler ?? base.sampler ?? defaults.sampler,
      schedule: args.schedule ?? base.schedule ?? defaults.schedule,
      guidanceScale: args.guidanceScale ?? base.guidanceScale ?? defaults.guidanceScale,
      weighting: args.weighting ?? base.weighting,
      noise: args.noise ?? base.noise ?? 'philox',
      ...Object.fromEntries(samplerOptions),
      input: input && { hash: input.hash, strength: args.image?.strength ?? input.strength ?? STRENGTH_DEFAULT },
      mask: input?.mask,
    })
    if (parsed.success) return parsed.data
    const [issue] = parsed.error.issues
    throw new UsageError(`${issue?.path.join('.')}: ${issue?.message}`)
  })
}

function chooseSeeds({ seeds, count }: GenerateArguments, base: RecipeBase): readonly number[] {
  if (seeds !== null) return seeds
  return base.seed === undefined ? drawSeeds(count ?? 1) : upwards(base.seed, count ?? base.count ?? 1)
}

/** A drawn seed and the ones after it, so that one number brings the whole set back. */
const drawSeeds = (count: number): number[] => upwards(randomInt(SEED_MAX + 1), count)
