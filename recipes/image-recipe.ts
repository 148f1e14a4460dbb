// One picture of a recipe that makes several.
import { SEED_MAX } from '#contracts/limits.ts'
import type { Recipe } from '#contracts/recipe.ts'
import { networksOf } from './prompt/networks.ts'

/** As A1111 counts: seed + index modulo 2^32. */
export const imageSeed = (seed: number, index: number): number => (seed + index) % (SEED_MAX + 1)

/** The recipe of image `index` alone: same pixels, `count` 1, its own seed, and of the networks those it loads. */
export function imageRecipe(recipe: Recipe, index: number): Recipe {
  if (!Number.isInteger(index) || index < 0 || index >= recipe.count) {
    throw new RangeError(`Image index is 0 to ${recipe.count - 1}, got ${index}`)
  }
  const { networks, ...image } = { ...recipe, seed: imageSeed(recipe.seed, index), count: 1 }
  const loaded = networksOf({ ...image, networks })
  return loaded.length === 0 ? image : { ...image, networks: loaded.map(({ strength: _, ...network }) => network) }
}
