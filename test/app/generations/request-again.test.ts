// Making one failed picture again: the same recipe, not nearly the same.
import { expect, it } from 'vitest'
import { requestAgain } from '#app/generations/request-again.ts'
import { createGenerationSchema } from '#contracts/generation.ts'
import { buildRecipe } from '#recipes/build-recipe.ts'
import { imageRecipe } from '#recipes/image-recipe.ts'
import { generation, image as imageOf } from '../generation-fixture.ts'

it('asks for exactly the recipe the picture had, optional settings included', () => {
  const optional = {
    weighting: 'compel',
    noise: 'mt19937',
    variation: { seed: 9, strength: 0.2 },
    tiling: 'xy',
    eta: 0.5,
    sChurn: 2,
    sNoise: 1.1,
    sdeNoise: 'torchsde-cpu',
    rho: 5,
    zeroTerminalSnr: false,
    guidanceRescale: 0.3,
  } as const
  const made = { ...generation(imageOf(0)), recipe: { ...generation(imageOf(0)).recipe, ...optional } }
  const [image] = made.images
  if (image === undefined) throw new Error('The fixture has a picture')
  const request = createGenerationSchema.parse(requestAgain(made, image, crypto.randomUUID()))
  const { idempotencyKey: _key, modelId: _modelId, input: _input, seed, ...asked } = request
  const model = {
    ...made.recipe.model,
    name: 'x',
    sizes: [{ width: made.recipe.width, height: made.recipe.height }],
    fixedSize: true,
  }
  expect(buildRecipe(model, asked, { seed: seed ?? -1 })).toEqual({ ...imageRecipe(made.recipe, 0), seed: image.seed })
})
