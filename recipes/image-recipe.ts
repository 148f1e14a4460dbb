// One picture of a recipe that makes several.
import { SEED_MAX } from '#contracts/limits.ts'
import type { Recipe } from '#contracts/recipe.ts'

/** The recipe of image `index` alone: same pixels, `count` 1 and its own seed. */
export function imageRecipe(recipe: Recipe, index: number): Recipe {
  if (!Number.isInteger(index) || index < 0 || index >= recipe.count) {
    throw new RangeError(`Image index is 0 to ${recipe.count - 1}, got ${index}`)
  }
  return { ...recipe, seed: (recipe.seed + index) % (SEED_MAX + 1), count: 1 }
}
