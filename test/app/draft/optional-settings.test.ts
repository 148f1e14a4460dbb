// Optional settings from draft to request to recipe and back.
import { describe, expect, it } from 'vitest'
import { EMPTY_DRAFT, requestOf, reuseRecipe, type StudioModel, storedDraftSchema } from '#app/draft/draft.ts'
import {
  NO_OPTIONAL_SETTINGS,
  type OptionalSettings,
  optionalRequest,
  optionalSettingsOf,
} from '#app/draft/optional-settings.ts'
import { createGenerationSchema } from '#contracts/generation.ts'
import { generation, image } from '../generation-fixture.ts'

const ALL: OptionalSettings = {
  ...NO_OPTIONAL_SETTINGS,
  weighting: 'compel',
  noise: 'mt19937',
  variation: { seed: 9, strength: 0.2 },
  tiling: 'y',
  eta: 0.5,
  sChurn: 2,
  sNoise: 1.1,
  sdeNoise: 'torchsde-cpu',
  rho: 5,
  zeroTerminalSnr: false,
  guidanceRescale: 0.3,
}
const ANYWHERE = ['weighting', 'noise', 'variation', 'tiling', 'zeroTerminalSnr', 'guidanceRescale']
const sampling = { sampler: 'dpmpp-2m', schedule: 'uniform', guidanceScale: 4 } as const
const sent = (change: Partial<typeof sampling> | object) =>
  Object.keys(optionalRequest(ALL, { ...sampling, ...change }))

describe('optionalRequest', () => {
  it('asks only for what the sampler, schedule and guidance take', () => {
    expect(sent({}).sort()).toEqual([...ANYWHERE].sort())
    expect(sent({ sampler: 'euler' })).toEqual(expect.arrayContaining(['sChurn', 'sNoise']))
    expect(sent({ sampler: 'euler' })).not.toContain('eta')
    expect(sent({ sampler: 'dpmpp-sde' })).toEqual(expect.arrayContaining(['eta', 'sNoise', 'sdeNoise']))
    expect(sent({ schedule: 'karras' })).toContain('rho')
    expect(sent({ guidanceScale: 1 })).not.toContain('guidanceRescale')
  })

  it('is empty where nothing is set, and leaves out a variation of strength 0', () => {
    expect(optionalRequest(NO_OPTIONAL_SETTINGS, sampling)).toEqual({})
    expect(optionalRequest({ ...NO_OPTIONAL_SETTINGS, variation: { seed: 9, strength: 0 } }, sampling)).toEqual({})
  })
})

describe('a draft with every optional setting', () => {
  const draft = { ...EMPTY_DRAFT, ...ALL, prompt: 'a fox', sampler: 'dpmpp-sde', schedule: 'karras' } as const
  const model: StudioModel = {
    id: 'dewpoint',
    name: 'Dewpoint',
    summary: 'Small',
    sizes: [{ width: 128, height: 128 }],
    fixedSize: true,
    defaults: { steps: 25, guidanceScale: 4, sampler: 'ddim', schedule: 'automatic' },
    examples: ['a fox in the forest'],
  }

  it('survives the browser’s storage, one spoilt setting costing only itself', () => {
    expect(storedDraftSchema.parse(draft)).toEqual(draft)
    expect(storedDraftSchema.parse({ ...draft, eta: 7 })).toEqual({ ...draft, eta: null })
  })

  it('becomes a request the server takes', () => {
    const { sChurn: _, ...taken } = ALL
    expect(createGenerationSchema.parse(requestOf(draft, model, crypto.randomUUID()))).toMatchObject(taken)
  })

  it('comes back from a recipe, and goes when a recipe has none', () => {
    const { recipe } = generation(image(0))
    expect(optionalSettingsOf({ ...recipe, ...(ALL as object) })).toEqual(ALL)
    expect(optionalSettingsOf(recipe)).toEqual(NO_OPTIONAL_SETTINGS)
    expect(reuseRecipe(draft, recipe, 8, 'all')).toMatchObject(NO_OPTIONAL_SETTINGS)
    expect(reuseRecipe(draft, recipe, 8, 'prompt')).toMatchObject(ALL)
  })
})
