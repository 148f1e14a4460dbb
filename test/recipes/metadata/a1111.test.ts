// The infotext we write, held against A1111's own grammar.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Recipe } from '#contracts/recipe.ts'
import { formatParameters } from '#recipes/metadata/a1111.ts'
import { parseInfotext } from '#recipes/metadata/dialects/infotext.ts'
import { RECIPE } from '#test/recipes/recipe-fixture.ts'

const recipe: Recipe = {
  ...RECIPE,
  model: { id: 'dewpoint', hash: `0123456789${'a'.repeat(54)}` },
  negativePrompt: 'blurry, [text]',
  seed: 4294967295,
  height: 192,
  sampler: 'euler',
  guidanceScale: 7.5,
}
const facts = { modelName: 'Dewpoint', version: 'Dewpoint 0.1.0' }

describe('formatParameters', () => {
  test('writes prompt, negative prompt and the settings in the order A1111 does', () => {
    expect(formatParameters(recipe, facts)).toBe(
      'a panda eating tacos at the beach\n' +
        'Negative prompt: blurry, [text]\n' +
        'Steps: 25, Sampler: Euler, Schedule type: Automatic, CFG scale: 7.5, Seed: 4294967295, Size: 128x192, ' +
        'Model hash: 0123456789, Model: Dewpoint, Version: Dewpoint 0.1.0',
    )
  })

  test('leaves out an empty negative prompt and adds the strength of image-to-image', () => {
    const text = formatParameters(
      { ...recipe, negativePrompt: '', input: { hash: 'b'.repeat(64), strength: 0.4 } },
      facts,
    )
    expect(text).not.toContain('Negative prompt')
    expect(text).toContain('Model: Dewpoint, Denoising strength: 0.4, Version:')
  })

  test('says what differs from the plain case, and nothing of what does not', () => {
    const text = formatParameters(
      {
        ...recipe,
        noise: 'mt19937',
        weighting: 'none',
        variation: { seed: 9, strength: 0.2 },
        hires: { width: 256, height: 384, steps: 10, strength: 0.5, upscaler: 'latent' },
        tiling: 'xy',
        eta: 0.5,
        rho: 5,
        zeroTerminalSnr: true,
      },
      facts,
    )
    expect(text).toContain(
      'Model: Dewpoint, Variation seed: 9, Variation seed strength: 0.2, Denoising strength: 0.5, RNG: CPU, Tiling: True, ' +
        'Emphasis: None, Hires resize: 256x384, Hires steps: 10, Hires upscaler: Latent, Eta: 0.5, ' +
        'Schedule rho: 5, Noise Schedule: Zero Terminal SNR, Version: Dewpoint 0.1.0',
    )
  })

  test('quotes values with a comma, colon or newline as JSON', () => {
    const text = formatParameters(recipe, { ...facts, modelName: 'a, "b": c\nd' })
    expect(text).toContain('Model: "a, \\"b\\": c\\nd", Version')
    expect(text.split('\n')).toHaveLength(3)
  })

  test("survives A1111's own last-line expression", () => {
    // re_param of modules/infotext_utils.py, AUTOMATIC1111/stable-diffusion-webui 036500223.
    const pair = /\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)/g
    const last =
      formatParameters(recipe, { ...facts, modelName: 'x: "y", z' })
        .split('\n')
        .at(-1) ?? ''
    const found = Object.fromEntries([...last.matchAll(pair)].map((match) => [match[1], match[2]]))
    expect(found).toMatchObject({ Steps: '25', Seed: '4294967295', Size: '128x192', Version: 'Dewpoint 0.1.0' })
    expect(JSON.parse(found.Model ?? '')).toBe('x: "y", z')
  })

  test('refuses a recipe of several images', () => {
    expect(() => formatParameters({ ...recipe, count: 2 }, facts)).toThrow(RangeError)
  })
})

describe('for every recipe', () => {
  // One line each, and not one that the grammar itself would take for its own: there A1111 has no escape.
  const line = fc
    .string({ unit: 'grapheme', maxLength: 60 })
    .map((text) => text.replace(/[\n\r]|Negative prompt:|Steps: /g, ' ').trim())

  test('what was written is read back: prompts, settings and names with any character', () => {
    fc.assert(
      fc.property(line, line, line, fc.nat({ max: 0xffffffff }), (prompt, negativePrompt, modelName, seed) => {
        const text = formatParameters({ ...recipe, prompt, negativePrompt, seed }, { ...facts, modelName })
        const parsed = parseInfotext(text)
        expect(parsed).toMatchObject({ prompt, negativePrompt })
        expect(parsed?.settings.get('Seed')).toBe(String(seed))
        expect(parsed?.settings.get('Size')).toBe('128x192')
        expect(parsed?.settings.get('Model') ?? '').toBe(modelName)
      }),
    )
  })
})
