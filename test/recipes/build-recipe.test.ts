// From what was asked to the recipe, optional settings included.
import { describe, expect, test } from 'vitest'
import { createGenerationSchema } from '#contracts/generation.ts'
import { buildRecipe } from '#recipes/build-recipe.ts'

const model = {
  id: 'dewpoint',
  hash: 'a'.repeat(64),
  name: 'V0',
  sizes: [{ width: 128, height: 128 }],
  fixedSize: true,
}
const asked = {
  modelId: 'dewpoint',
  prompt: 'a panda',
  seed: null,
  count: 1,
  width: 128,
  height: 128,
  steps: 20,
  sampler: 'euler',
  schedule: 'automatic',
  guidanceScale: 4,
} as const
const parse = (more: object) => {
  const { idempotencyKey: _, ...request } = createGenerationSchema.parse({
    idempotencyKey: crypto.randomUUID(),
    ...asked,
    ...more,
  })
  return request
}

describe('buildRecipe', () => {
  test('leaves out every setting that was not asked for', () => {
    const recipe = buildRecipe(model, parse({}), { seed: 7 })
    expect(Object.keys(recipe).filter((key) => recipe[key as keyof typeof recipe] === undefined)).toEqual([])
    expect(recipe).toMatchObject({ seed: 7, noise: 'philox' })
    expect(recipe).not.toHaveProperty('weighting')
  })

  test('carries the optional ones into the recipe as they are', () => {
    const optional = {
      weighting: 'compel',
      noise: 'mt19937',
      variation: { seed: 9, strength: 0.2 },
      tiling: 'xy',
      eta: 0.5,
      sChurn: 5,
      sNoise: 1.01,
      sdeNoise: 'torchsde-cuda',
      rho: 5,
      guidanceRescale: 0.7,
      zeroTerminalSnr: true,
    }
    expect(buildRecipe(model, parse(optional), { seed: 7 })).toMatchObject(optional)
  })

  test('refuses a size the model does not make, naming the ones it does', () => {
    expect(() => buildRecipe(model, parse({ width: 256 }), { seed: 7 })).toThrow('makes 128x128, not 256x128')
  })
})
