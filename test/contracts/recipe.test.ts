import { describe, expect, test } from 'vitest'
import { canonicalJson, imageRecipe, type Recipe, recipeHash, recipeSchema } from '#contracts/recipe.ts'

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

describe('recipe', () => {
  test('has the same hash whatever the order its keys were written in', async () => {
    const shuffled = Object.fromEntries(Object.entries(recipe).reverse()) as Recipe
    expect(await recipeHash(shuffled)).toBe(await recipeHash(recipe))
    expect(await recipeHash({ ...recipe, seed: 8 })).not.toBe(await recipeHash(recipe))
  })

  test('leaves undefined fields out of its canonical form', () => {
    expect(canonicalJson({ b: undefined, a: [1, { d: 2, c: 3 }] })).toBe('{"a":[1,{"c":3,"d":2}]}')
  })

  test('counts image seeds up and wraps at 2^32', () => {
    expect(imageRecipe(recipe, 1)).toMatchObject({ seed: 8, count: 1 })
    expect(imageRecipe({ ...recipe, seed: 0xffff_ffff }, 1).seed).toBe(0)
    expect(() => imageRecipe(recipe, 2)).toThrow(/Image index is 0 to 1, got 2/)
  })

  test.each([
    [{ steps: 0 }, /Steps are 1 to 150/],
    [{ steps: 1000 }, /Steps are 1 to 150/],
    [{ width: 130 }, /multiples of 8/],
    [{ prompt: 'x'.repeat(10_000) }, /at most 5000 characters/],
    [{ prompt: 'a\u0007b' }, /control characters/],
    [{ steps: 4, input: { hash: 'b'.repeat(64), strength: 0.2 } }, /Steps times strength is at least 1/],
    [
      { hires: { width: 256, height: 256, steps: 2, strength: 0.4, upscaler: 'latent' } },
      /Steps times strength is at least 1/,
    ],
    [{ sampler: 'eular' }, /Unknown sampler "eular"; known: .*euler/],
  ])('refuses %j and names the rule', (change, message) => {
    const result = recipeSchema.safeParse({ ...recipe, ...change })
    expect(result.success).toBe(false)
    expect(result.error?.issues.map((issue) => issue.message).join()).toMatch(message)
  })
})
