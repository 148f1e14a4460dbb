import { expect, it } from 'vitest'
import { recipeSchema } from '#contracts/recipe.ts'
import { trialRecipe } from '#recipes/trial-recipe.ts'
import { readInstalledModels } from '#server/model-folder/installed-models.ts'

it('is a recipe of every model there is', async () => {
  const { all } = await readInstalledModels('models')
  expect(all.length).toBeGreaterThan(0)
  for (const model of all) expect(recipeSchema.parse(trialRecipe(model, { steps: 3 }))).toMatchObject({ steps: 3 })
})
