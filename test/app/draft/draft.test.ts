import { describe, expect, it } from 'vitest'
import {
  changedSettings,
  chooseModel,
  EMPTY_DRAFT,
  requestOf,
  reuseRecipe,
  type StudioModel,
  settingsOf,
  storedDraftSchema,
} from '#app/draft/draft.ts'
import { newKey } from '#app/trpc/new-key.ts'
import { createGenerationSchema } from '#contracts/generation.ts'
import { generation, image } from '../generation-fixture.ts'

const model: StudioModel = {
  id: 'dewpoint',
  name: 'Dewpoint',
  summary: 'Small',
  sizes: [
    { width: 128, height: 128 },
    { width: 96, height: 160 },
  ],
  fixedSize: false,
  defaults: { steps: 25, guidanceScale: 4, sampler: 'ddim', schedule: 'automatic' },
  examples: ['a fox in the forest'],
}

describe('a stored draft', () => {
  it('comes back as it was', () => {
    const draft = { ...EMPTY_DRAFT, prompt: 'a fox', steps: 40, seed: 0, count: 4 }
    expect(storedDraftSchema.parse(draft)).toEqual(draft)
  })

  it('keeps the words when another field is spoilt', () => {
    const spoilt = { prompt: 'a fox', steps: 'many', sampler: 'gone', count: 99 }
    expect(storedDraftSchema.parse(spoilt)).toEqual({ ...EMPTY_DRAFT, prompt: 'a fox' })
  })
})

describe('settingsOf', () => {
  it('takes the model’s suggestions where nothing was chosen', () => {
    expect(settingsOf(EMPTY_DRAFT, model)).toEqual({ width: 128, height: 128, ...model.defaults })
  })

  it('keeps what was chosen, zero included', () => {
    const draft = { ...EMPTY_DRAFT, guidanceScale: 0, size: { width: 96, height: 160 } }
    expect(settingsOf(draft, model)).toMatchObject({ guidanceScale: 0, width: 96, height: 160 })
  })

  it('falls to the model’s first size when it does not offer the chosen one', () => {
    expect(settingsOf({ ...EMPTY_DRAFT, size: { width: 512, height: 512 } }, model)).toMatchObject({ width: 128 })
  })
})

describe('requestOf', () => {
  it('is a request the server accepts', () => {
    const draft = { ...EMPTY_DRAFT, prompt: 'a fox', count: 2, seed: 0 }
    const request = requestOf(draft, model, crypto.randomUUID())
    expect(createGenerationSchema.parse(request)).toMatchObject({ prompt: 'a fox', count: 2, seed: 0, steps: 25 })
    expect(request).not.toHaveProperty('input')
  })

  it('carries the picture and the strength when there is one', () => {
    const uploadId = crypto.randomUUID()
    const input = { uploadId, width: 300, height: 200, url: '/api/uploads/x' }
    const request = requestOf({ ...EMPTY_DRAFT, prompt: 'a fox', input, strength: 0.3 }, model, crypto.randomUUID())
    expect(createGenerationSchema.parse(request).input).toEqual({ uploadId, strength: 0.3 })
  })
})

describe('reuseRecipe', () => {
  const { recipe } = generation(image(0), image(1))
  const mine = { ...EMPTY_DRAFT, prompt: 'mine', steps: 9, seed: 1 }

  it('takes only the words, only the seed, everything, or everything but the seed', () => {
    expect(reuseRecipe(mine, recipe, 8, 'prompt')).toMatchObject({ prompt: recipe.prompt, steps: 9, seed: 1 })
    expect(reuseRecipe(mine, recipe, 8, 'seed')).toMatchObject({ prompt: 'mine', steps: 9, seed: 8 })
    expect(reuseRecipe(mine, recipe, 8, 'all')).toMatchObject({ prompt: recipe.prompt, steps: 25, seed: 8 })
    expect(reuseRecipe(mine, recipe, 8, 'remix')).toMatchObject({ prompt: recipe.prompt, steps: 25, seed: null })
  })
})

describe('small choices', () => {
  it('falls back to the first model when the chosen one is gone', () => {
    expect(chooseModel({ ...EMPTY_DRAFT, modelId: 'gone' }, [model])).toBe(model)
    expect(chooseModel(EMPTY_DRAFT, [])).toBeUndefined()
  })

  it('counts what differs from the model’s suggestion', () => {
    expect(changedSettings(EMPTY_DRAFT, model)).toBe(0)
    expect(changedSettings({ ...EMPTY_DRAFT, seed: 0, steps: 3, tiling: 'x' }, model)).toBe(3)
    // DDIM stirs no noise in.
    expect(changedSettings({ ...EMPTY_DRAFT, sChurn: 3 }, model)).toBe(0)
  })
})

describe('newKey', () => {
  it('is a version 4 UUID with and without crypto.randomUUID', () => {
    const { randomUUID } = crypto
    const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
    expect(newKey()).toMatch(uuid)
    try {
      Object.defineProperty(crypto, 'randomUUID', { value: undefined, configurable: true })
      expect(newKey()).toMatch(uuid)
    } finally {
      Object.defineProperty(crypto, 'randomUUID', { value: randomUUID, configurable: true })
    }
  })
})
