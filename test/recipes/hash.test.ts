import { describe, expect, test } from 'vitest'
import { createGenerationSchema } from '#contracts/generation.ts'
import { type Recipe, recipeSchema } from '#contracts/recipe.ts'
import { buildRecipe } from '#recipes/build-recipe.ts'
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

// Recipes lie in pictures and databases by these hashes, so no change of the code may move them; computed at version 0.1.0.
describe('the identity of recipes that are out there stays:', () => {
  test('one with nothing optional', async () => {
    expect(await recipeHash(recipeSchema.parse(recipe))).toBe(
      '5fea2ad253eb6b4a9d781ab218284c0423b42a59217bbb0e9ca894eb2a5d8d87',
    )
  })

  test('one with everything', async () => {
    const full: Recipe = {
      ...recipe,
      weighting: 'compel',
      noise: 'mt19937',
      variation: { seed: 9, strength: 0.2 },
      tiling: 'xy',
      guidanceRescale: 0.7,
      eta: 0.5,
      sChurn: 5,
      sNoise: 1.01,
      sdeNoise: 'torchsde-cuda',
      rho: 5,
      zeroTerminalSnr: true,
      input: { hash: 'b'.repeat(64), strength: 0.5 },
      mask: { hash: 'c'.repeat(64), blurPx: 4, region: 'masked', paddingPx: 32 },
      hires: { width: 256, height: 256, steps: 10, strength: 0.5, upscaler: 'lanczos' },
      networks: [
        { kind: 'lora', name: 'ink', hash: '1'.repeat(64) },
        { kind: 'embedding', name: 'bad-hands', hash: '2'.repeat(64) },
      ],
    }
    expect(await recipeHash(recipeSchema.parse(full))).toBe(
      '78bb2e597ef3df3cea3ee972a0c548abb7331b0fb47fd9306867d68876092ca9',
    )
  })

  test('the one a request becomes', async () => {
    const request = createGenerationSchema.parse({
      idempotencyKey: crypto.randomUUID(),
      modelId: 'dewpoint',
      prompt: 'a panda <lora:ink:0.8>',
      seed: null,
      count: 1,
      width: 128,
      height: 128,
      steps: 20,
      sampler: 'dpmpp-sde',
      schedule: 'karras',
      guidanceScale: 4,
      rho: 5,
      eta: 0.5,
    })
    const { idempotencyKey: _key, modelId, seed: _seed, input: _input, ...asked } = request
    const model = { id: modelId, hash: 'a'.repeat(64), name: 'V0', sizes: [], fixedSize: false }
    const built = buildRecipe(model, asked, {
      seed: 7,
      networks: [{ kind: 'lora', name: 'ink', hash: '1'.repeat(64) }],
      input: { hash: 'b'.repeat(64), strength: 0.5 },
    })
    expect(await recipeHash(built)).toBe('5da38f14b83e2123d7eb498bc602b5f2306be32b8337a9bd1c0149b0be3ac8d9')
  })
})
