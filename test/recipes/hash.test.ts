import { describe, expect, test } from 'vitest'
import type { Recipe } from '#contracts/recipe.ts'
import { canonicalJson, recipeHash } from '#recipes/hash.ts'
import { RECIPE } from '#test/recipes/recipe-fixture.ts'

const recipe: Recipe = { ...RECIPE, model: { id: 'dewpoint', hash: 'a'.repeat(64) }, count: 2 }

describe('a recipe’s identity', () => {
  test('has the same hash whatever the order its keys were written in', async () => {
    const shuffled = Object.fromEntries(Object.entries(recipe).reverse()) as Recipe
    expect(await recipeHash(shuffled)).toBe(await recipeHash(recipe))
    expect(await recipeHash({ ...recipe, seed: 8 })).not.toBe(await recipeHash(recipe))
  })

  test('leaves undefined fields out of its canonical form', () => {
    expect(canonicalJson({ b: undefined, a: [1, { d: 2, c: 3 }] })).toBe('{"a":[1,{"c":3,"d":2}]}')
  })
})
