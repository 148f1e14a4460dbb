import { describe, expect, test } from 'vitest'
import { type Recipe, recipeSchema } from '#contracts/recipe.ts'
import { RECIPE } from '#test/recipes/recipe-fixture.ts'

const recipe: Recipe = { ...RECIPE, model: { id: 'dewpoint', hash: 'a'.repeat(64) }, count: 2 }

describe('recipe', () => {
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
