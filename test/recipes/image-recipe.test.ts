import { expect, test } from 'vitest'
import type { Recipe } from '#contracts/recipe.ts'
import { imageRecipe } from '#recipes/image-recipe.ts'
import { RECIPE } from '#test/recipes/recipe-fixture.ts'

const recipe: Recipe = { ...RECIPE, model: { id: 'dewpoint', hash: 'a'.repeat(64) }, count: 2 }

test('counts image seeds up and wraps at 2^32', () => {
  expect(imageRecipe(recipe, 1)).toMatchObject({ seed: 8, count: 1 })
  expect(imageRecipe({ ...recipe, seed: 0xffff_ffff }, 1).seed).toBe(0)
  expect(() => imageRecipe(recipe, 2)).toThrow(/Image index is 0 to 1, got 2/)
})
