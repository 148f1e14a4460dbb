import { expect, test } from 'vitest'
import type { Recipe } from '#contracts/recipe.ts'
import { imageRecipe } from '#recipes/image-recipe.ts'

const recipe: Recipe = {
  version: 1,
  model: { id: 'dewpoint', hash: 'a'.repeat(64) },
  prompt: 'a panda eating tacos at the beach',
  negativePrompt: '',
  seed: 7,
  count: 2,
  width: 128,
  height: 128,
  steps: 25,
  sampler: 'ddim',
  schedule: 'automatic',
  guidanceScale: 4,
  noise: 'philox',
}

test('counts image seeds up and wraps at 2^32', () => {
  expect(imageRecipe(recipe, 1)).toMatchObject({ seed: 8, count: 1 })
  expect(imageRecipe({ ...recipe, seed: 0xffff_ffff }, 1).seed).toBe(0)
  expect(() => imageRecipe(recipe, 2)).toThrow(/Image index is 0 to 1, got 2/)
})
