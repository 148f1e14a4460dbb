// One table of settings: everything that has a field for each is made from it.
import { describe, expect, test } from 'vitest'
import { EMPTY_DRAFT } from '#app/draft/draft.ts'
import { en } from '#app/messages/en.ts'
import { createGenerationSchema } from '#contracts/generation.ts'
import { recipeSchema } from '#contracts/recipe.ts'
import { SAMPLER_IDS, SCHEDULE_IDS } from '#contracts/samplers.ts'
import { OPTIONAL_SETTING_NAMES, OPTIONAL_SETTINGS } from '#contracts/settings.ts'
import { USAGE } from '#worker/cli/arguments.ts'

describe.each(OPTIONAL_SETTING_NAMES)('%s', (name) => {
  const row = OPTIONAL_SETTINGS[name]

  test('is in the recipe, the request, the draft and the help', () => {
    for (const shape of [recipeSchema.shape, createGenerationSchema.shape]) expect(shape).toHaveProperty(name)
    expect(EMPTY_DRAFT[name]).toBeNull()
    expect(USAGE).toContain(row.help)
  })

  test('is what an absent one means by a value of its own, beside every sampler and schedule', () => {
    for (const sampler of SAMPLER_IDS)
      for (const schedule of SCHEDULE_IDS) {
        const usual = row.usual({ sampler, schedule, guidanceScale: 4 })
        if (usual !== undefined && usual !== null) expect(row.schema.safeParse(usual).success).toBe(true)
      }
  })

  test('has the words its field needs, one for each choice', () => {
    const { label, hint, choices } = en.studio.optional.settings[name]
    expect(label).not.toBe('')
    if (row.kind !== 'choice') expect(hint).toMatch(/\.$/)
    else {
      const isSayable = row.usual({ sampler: 'dpmpp-sde', schedule: 'karras', guidanceScale: 4 }) !== null
      expect(Object.keys(choices ?? {}).sort()).toEqual(
        [...row.values.map(String), ...(isSayable ? [] : ['absent'])].sort(),
      )
    }
  })
})
