// From what was asked to the recipe, optional settings included, wherever it is asked.
import { describe, expect, it } from 'vitest'
import { type CreateGenerationRequest, createGenerationSchema } from '#contracts/generation.ts'
import type { NetworkRef } from '#contracts/recipe.ts'
import { buildRecipe, parseRecipe } from '#recipes/build-recipe.ts'
import { recipeHash } from '#recipes/hash.ts'
import { imageRecipe } from '#recipes/image-recipe.ts'

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
  seed: 7,
  count: 1,
  width: 128,
  height: 128,
  steps: 20,
  sampler: 'euler',
  schedule: 'karras',
  guidanceScale: 4,
}
/** As a device has it, before the server's schema filled anything in. */
const asked = (change: Partial<CreateGenerationRequest> = {}) => {
  const { idempotencyKey: _key, modelId: _modelId, seed: _seed, input: _input, ...settings } = { ...request, ...change }
  return settings
}
const OPTIONAL = {
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
} as const

describe('a recipe', () => {
  it('has nothing that was not asked for', () => {
    const recipe = buildRecipe(model, asked({ eta: undefined, noise: undefined }), { seed: 7, networks: [] })
    expect(recipe).toEqual({
      ...asked(),
      version: 1,
      model: { id: model.id, hash: model.hash },
      negativePrompt: '',
      seed: 7,
      noise: 'philox',
    })
    expect(Object.values(recipe)).not.toContain(undefined)
  })

  it('has the optional settings as they are', () => {
    expect(buildRecipe(model, asked(OPTIONAL), { seed: 7 })).toMatchObject(OPTIONAL)
  })

  it.each([
    ['as most are', {}],
    ['with optional settings', OPTIONAL],
    ['with settings that are there and undefined', { eta: undefined, noise: undefined, weighting: undefined }],
  ] as const)('is the same on a device and on the server, to the hash: %s', async (_name, change) => {
    const {
      idempotencyKey: _key,
      modelId: _modelId,
      seed: _seed,
      input: _input,
      ...there
    } = createGenerationSchema.parse({ ...request, ...change })
    const [onDevice, onServer] = [asked(change), there].map((settings) => buildRecipe(model, settings, { seed: 7 }))
    expect(onDevice && (await recipeHash(onDevice))).toBe(onServer && (await recipeHash(onServer)))
  })

  it('starts from a picture by its hash', () => {
    const input = { hash: 'b'.repeat(64), strength: 0.5 }
    const recipe = buildRecipe(model, asked(), { seed: 7 })
    expect(parseRecipe({ ...recipe, input })).toEqual(buildRecipe(model, asked(), { seed: 7, input }))
    expect(() => parseRecipe({ ...recipe, input: { ...input, strength: 0.01 } })).toThrow(
      /input.strength: Steps times strength is at least 1/,
    )
  })

  it('is refused by the name of the rule it breaks, or of the sizes there are', () => {
    expect(() => buildRecipe(model, asked({ steps: 0 }), { seed: 7 })).toThrow(/steps: Steps are 1 to 150/)
    expect(() => buildRecipe(model, asked({ width: 256 }), { seed: 7 })).toThrow('makes 128x128, not 256x128')
  })
})

describe('the networks of a recipe', () => {
  const lora = (name: string): NetworkRef => ({ kind: 'lora', name, hash: '1'.repeat(64) })
  const [ink, oil] = [lora('ink'), lora('oil')]
  const build = (prompt: string, networks: readonly NetworkRef[], count = 1, seed = 7) =>
    buildRecipe(model, asked({ prompt, count }), { seed, networks })

  it('are those its pictures load', () => {
    expect(build('<lora:ink:1>', [ink, oil]).networks).toEqual([ink])
    for (const prompt of ['<lora:ink:1><lora:ink:-1>', '\\<lora:ink:1\\>', 'a fox'])
      expect(build(prompt, [ink, oil]), prompt).not.toHaveProperty('networks')
  })

  it('are those of every picture together, and of each picture its own', () => {
    const prompt = '{<lora:ink:1>|<lora:oil:1>}'
    const recipe = build(prompt, [ink, oil], 4)
    expect(recipe.networks).toEqual([ink, oil])
    const each = [0, 1, 2, 3].map((index) => imageRecipe(recipe, index))
    for (const image of each) expect(image.networks).toHaveLength(1)
    expect(new Set(each.map(({ networks }) => networks?.[0]?.name))).toEqual(new Set(['ink', 'oil']))
    expect(each[0]).toEqual(build(prompt, [ink, oil]))
  })

  it('are at most eight, whatever else the prompt might have drawn', () => {
    const many = Array.from({ length: 9 }, (_, i) => lora(`l${i}`))
    const tags = many.map(({ name }) => `<lora:${name}:1>`)
    expect(() => build(tags.join(''), many)).toThrow('Up to 8 LoRAs and embeddings work together')
    expect(build(`{${tags.join('|')}}`, many).networks).toHaveLength(1)
  })
})
