// From what the Studio would ask the server to the recipe this device carries out: the same fields, judged by the same schema.
// The server does this for itself (recipes/build-recipe.ts); nothing of a device's request goes there.
import type { CreateGenerationRequest } from '#contracts/generation.ts'
import { type Recipe, recipeSchema } from '#contracts/recipe.ts'

/** @throws RangeError naming the rules that are broken; a picture to start from, which only the server can prepare. */
export function buildDeviceRecipe(
  request: CreateGenerationRequest,
  model: Recipe['model'],
  drawSeed: () => number,
): Recipe {
  const { idempotencyKey: _key, modelId: _modelId, input, seed, noise, ...settings } = request
  if (input !== undefined) throw new RangeError('input: the server prepares pictures to start from')
  const parsed = recipeSchema.safeParse({
    ...Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)),
    version: 1,
    model: { id: model.id, hash: model.hash },
    negativePrompt: settings.negativePrompt ?? '',
    seed: seed ?? drawSeed(),
    noise: noise ?? 'philox',
  })
  if (parsed.success) return parsed.data
  throw new RangeError(parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '))
}
