import { describe, expect, it } from 'vitest'
import { type CreateGenerationRequest, createGenerationSchema } from '#contracts/generation.ts'
import { buildDeviceRecipe } from '#recipes/build-device-recipe.ts'
import { buildRecipe } from '#recipes/build-recipe.ts'
import { recipeHash } from '#recipes/hash.ts'

const model = {
  id: 'dewpoint',
  hash: 'a'.repeat(64),
  name: 'Dewpoint',
  sizes: [{ width: 128, height: 128 }],
  fixedSize: true,
}
const request: CreateGenerationRequest = {
  idempotencyKey: '11111111-1111-4111-8111-111111111111',
  modelId: 'dewpoint',
  prompt: 'a (panda:1.2) eating tacos',
  negativePrompt: 'rain',
  seed: 7,
  count: 2,
  width: 128,
  height: 128,
  steps: 25,
  sampler: 'euler',
  schedule: 'karras',
  guidanceScale: 4,
}
const noSeed = () => {
  throw new Error('The seed was given')
}

describe('the recipe of this device', () => {
  it.each([
    ['as most are', {}],
    [
      'with optional settings',
      { eta: 0.5, tiling: 'x', weighting: 'compel', variation: { seed: 3, strength: 0.2 }, rho: 5 },
    ],
    ['with settings that are there and undefined', { eta: undefined, noise: undefined, weighting: undefined }],
    ['on other noise', { noise: 'mt19937', zeroTerminalSnr: true, guidanceRescale: 0.7 }],
  ] as const)('is the server’s, to the hash: %s', async (_name, change) => {
    const asked = { ...request, ...change }
    const here = buildDeviceRecipe(asked, model, noSeed)
    const { idempotencyKey: _key, ...there } = createGenerationSchema.parse(asked)
    expect(await recipeHash(here)).toBe(await recipeHash(buildRecipe(model, there, { seed: 7 })))
  })

  it('draws a seed where none was asked for', () => {
    expect(buildDeviceRecipe({ ...request, seed: null }, model, () => 42).seed).toBe(42)
  })

  it('names the rule that is broken, and what only the server can prepare', () => {
    expect(() => buildDeviceRecipe({ ...request, steps: 0 }, model, noSeed)).toThrow(/steps: Steps are 1 to 150/)
    const input = { uploadId: '22222222-2222-4222-8222-222222222222', strength: 0.5 }
    expect(() => buildDeviceRecipe({ ...request, input }, model, noSeed)).toThrow(/the server prepares/)
  })
})
