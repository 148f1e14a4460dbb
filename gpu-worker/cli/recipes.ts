// From arguments and the model's manifest to one complete recipe per picture: what was left out comes from the manifest.
import { randomInt } from 'node:crypto'
import { SEED_MAX } from '#contracts/limits.ts'
import type { ModelManifest } from '#contracts/model-manifest.ts'
import { type Recipe, recipeSchema } from '#contracts/recipe.ts'
import { type GenerateArguments, UsageError } from './arguments.ts'

/** Width and height of the pictures. @throws UsageError where the model cannot make that size. */
export function chooseSize(args: GenerateArguments, manifest: ModelManifest): { width: number; height: number } {
  const [preset] = manifest.sizes
  const width = args.width ?? preset?.width ?? 0
  const height = args.height ?? preset?.height ?? 0
  if (manifest.fixedSize && !manifest.sizes.some((size) => size.width === width && size.height === height)) {
    const sizes = manifest.sizes.map((size) => `${size.width}x${size.height}`).join(', ')
    throw new UsageError(`${manifest.id} makes ${sizes} only, got ${width}x${height}`)
  }
  return { width, height }
}

/** One recipe per picture, count 1 each. `inputHash`: SHA-256 of the prepared input picture, where there is one. */
export function buildRecipes(
  args: GenerateArguments,
  manifest: ModelManifest,
  inputHash: string | undefined,
): Recipe[] {
  const seeds = args.seeds ?? drawSeeds(args.count)
  return seeds.map((seed) => {
    const parsed = recipeSchema.safeParse({
      version: 1,
      model: { id: manifest.id, hash: manifest.hash },
      prompt: args.prompt,
      negativePrompt: args.negativePrompt,
      seed,
      count: 1,
      ...chooseSize(args, manifest),
      steps: args.steps ?? manifest.defaults.steps,
      sampler: args.sampler ?? manifest.defaults.sampler,
      schedule: args.schedule ?? manifest.defaults.schedule,
      guidanceScale: args.guidanceScale ?? manifest.defaults.guidanceScale,
      weighting: args.weighting,
      noise: args.noise ?? 'philox',
      ...args.samplerOptions,
      input:
        inputHash === undefined || args.image === undefined
          ? undefined
          : { hash: inputHash, strength: args.image.strength },
    })
    if (parsed.success) return parsed.data
    const [issue] = parsed.error.issues
    throw new UsageError(`${issue?.path.join('.')}: ${issue?.message}`)
  })
}

/** A drawn seed and the ones after it, so that one number brings the whole set back. */
function drawSeeds(count: number): number[] {
  const first = randomInt(SEED_MAX + 1)
  return Array.from({ length: count }, (_, index) => (first + index) % (SEED_MAX + 1))
}
