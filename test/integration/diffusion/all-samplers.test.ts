// Every sampler through whole pipelines: epsilon and v-prediction with zero terminal SNR, text, image and mask, few steps and odd
// ones; resumed in the middle. That each sampler's numbers are right is test/diffusion/schedulers' business.
import { afterAll, describe, expect, test } from 'vitest'
import type { Recipe } from '#contracts/recipe.ts'
import { SAMPLER_IDS } from '#contracts/samplers.ts'
import type { RecipeImages } from '#diffusion/pipelines/check-recipe.ts'
import type { Pipeline } from '#diffusion/pipelines/pipeline.ts'
import { loadTiny, ramp, type TinyModel, tinyRecipe } from './tiny-models.ts'

const MODELS = ['sd1', 'sd2'] as const
const pipelines: Record<(typeof MODELS)[number], Promise<Pipeline>> = { sd1: loadTiny('sd1'), sd2: loadTiny('sd2') }
afterAll(async () => {
  for (const pipeline of Object.values(pipelines)) await (await pipeline).dispose()
})

const input = ramp(64, 64)
const mask = { width: 64, height: 64, data: Uint8Array.from({ length: 4096 }, (_, i) => (i % 64 < 24 ? 255 : 0)) }
const KINDS: readonly [string, Partial<Recipe>, RecipeImages][] = [
  ['text', {}, {}],
  ['image', { input: { hash: 'b'.repeat(64), strength: 0.7 } }, { input }],
  [
    'mask',
    {
      input: { hash: 'b'.repeat(64), strength: 1 },
      mask: { hash: 'c'.repeat(64), blurPx: 0, region: 'whole', paddingPx: 0 },
    },
    { input, mask },
  ],
]

async function start(name: (typeof MODELS)[number] & TinyModel, overrides: Partial<Recipe>, images: RecipeImages) {
  const { start } = await pipelines[name]
  return start({ recipe: tinyRecipe(name, overrides), ...images })
}

describe.each(MODELS)('on %s', (name) => {
  describe.each(SAMPLER_IDS)('%s', (sampler) => {
    test.each(KINDS)('from %s: finite latents at 1, 2, 3 and 7 steps', async (kind, overrides, images) => {
      for (const steps of [1, 2, 3, 7]) {
        if (kind === 'image' && steps === 1) continue
        const run = await start(name, { ...overrides, sampler, steps }, images)
        while (!run.done) await run.advance()
        expect(run.latents.every(Number.isFinite), `${steps} steps`).toBe(true)
      }
    })

    test('resumed in the middle ends in the same bits', async () => {
      const run = await start(name, { sampler, steps: 6 }, {})
      while (run.callIndex < run.callCount / 2) await run.advance()
      const resumed = await (await pipelines[name]).resume(JSON.parse(JSON.stringify(run.snapshot())))
      while (!run.done) await run.advance()
      while (!resumed.done) await resumed.advance()
      expect(resumed.latents).toEqual(run.latents)
    })
  })
})
