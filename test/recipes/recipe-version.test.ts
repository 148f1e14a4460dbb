// Older recipes come up step by step; newer ones are refused.
import { describe, expect, test } from 'vitest'
import { RECIPE_VERSION, type RecipeStep, upgradeRecipe } from '#recipes/recipe-version.ts'

/** What a second and a third version might have changed. */
const STEPS: readonly RecipeStep[] = [
  ({ cfg, ...rest }) => ({ ...rest, guidanceScale: cfg }),
  (recipe) => ({ ...recipe, noise: recipe.noise ?? 'philox' }),
]

describe('upgradeRecipe', () => {
  test('takes every step from the recipe’s version on, in order', () => {
    expect(upgradeRecipe({ version: 1, cfg: 4 }, STEPS)).toEqual({ version: 3, guidanceScale: 4, noise: 'philox' })
    expect(upgradeRecipe({ version: 2, guidanceScale: 4, noise: 'mt19937' }, STEPS)).toEqual({
      version: 3,
      guidanceScale: 4,
      noise: 'mt19937',
    })
  })

  test('leaves the newest as it is, and the given one untouched', () => {
    const recipe = { version: RECIPE_VERSION, cfg: 4 }
    expect(upgradeRecipe(recipe)).toEqual(recipe)
    upgradeRecipe(recipe, STEPS)
    expect(recipe).toEqual({ version: 1, cfg: 4 })
  })

  test.each([undefined, 0, 2, 1.5, '1', null])('refuses version %j, naming it', (version) => {
    expect(() => upgradeRecipe({ version })).toThrow(
      `has version ${JSON.stringify(version)}; this Dewpoint reads version 1`,
    )
  })
})
