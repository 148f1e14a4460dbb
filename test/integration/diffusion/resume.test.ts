// A run's state is a value: taken at any call and gone on with, here or in another process, it ends in the same bits.
import { execFileSync } from 'node:child_process'
import { afterAll, describe, expect, test } from 'vitest'
import type { Recipe } from '#contracts/recipe.ts'
import type { RecipeImages } from '#diffusion/pipelines/check-recipe.ts'
import type { Run } from '#diffusion/pipelines/run.ts'
import { loadTiny, ramp, tinyRecipe } from './tiny-models.ts'

const pipeline = loadTiny('sd1')
afterAll(async () => (await pipeline).dispose())

const input = ramp(64, 64)
const mask = { width: 64, height: 64, data: Uint8Array.from({ length: 4096 }, (_, i) => (i % 64 < 24 ? 255 : 0)) }
const fromImage = { input: { hash: 'b'.repeat(64), strength: 0.8 } }

const CASES: readonly [string, Partial<Recipe>, RecipeImages][] = [
  ['one step of memory none (DDIM)', { sampler: 'ddim' }, {}],
  ['a multistep sampler', { sampler: 'dpmpp-2m' }, {}],
  ['a sampler with four steps of memory', { sampler: 'plms', steps: 7 }, {}],
  ['two calls a step', { sampler: 'heun' }, {}],
  ['fresh noise each step', { sampler: 'euler-a' }, {}],
  ['Brownian noise', { sampler: 'dpmpp-sde' }, {}],
  ['a prompt that changes over the steps', { prompt: '[a panda:a fox:0.5] at the [beach|sea]' }, {}],
  ['image to image', fromImage, { input }],
  [
    'inpainting by blending',
    { ...fromImage, mask: { hash: 'c'.repeat(64), blurPx: 2, region: 'whole', paddingPx: 0 } },
    { input, mask },
  ],
  ['seamless tiles', { tiling: 'xy' }, {}],
  ['a second pass', { hires: { width: 96, height: 96, steps: 4, strength: 0.6, upscaler: 'lanczos' } }, {}],
]

describe('a run resumed after any call', () => {
  test.each(CASES)('with %s ends in the same bits', async (_, overrides, images) => {
    const { start, resume } = await pipeline
    const run = await start({ recipe: tinyRecipe('sd1', overrides), ...images })
    const snapshots = [JSON.stringify(run.snapshot())]
    while (!run.done) {
      await run.advance()
      snapshots.push(JSON.stringify(run.snapshot()))
    }
    const expected = await ending(run)
    for (const snapshot of snapshots) {
      const resumed = await resume(JSON.parse(snapshot), images)
      expect(JSON.parse(JSON.stringify(resumed.snapshot()))).toEqual(JSON.parse(snapshot))
      while (!resumed.done) await resumed.advance()
      expect(await ending(resumed)).toEqual(expected)
    }
  })

  test('in another process ends in the same bits', async () => {
    const run = await (await pipeline).start({ recipe: tinyRecipe('sd1', { sampler: 'dpmpp-2m-sde', steps: 6 }) })
    for (let call = 0; call < 3; call++) await run.advance()
    const program = new URL('resume-elsewhere.ts', import.meta.url).pathname
    const elsewhere = execFileSync(process.execPath, [program], { input: JSON.stringify(run.snapshot()) }).toString()
    while (!run.done) await run.advance()
    expect(JSON.parse(elsewhere)).toEqual(run.snapshot())
  })

  test('from a snapshot of another size is refused', async () => {
    const run = await (await pipeline).start({ recipe: tinyRecipe('sd1') })
    const snapshot = run.snapshot()
    const other = { ...snapshot, recipe: { ...snapshot.recipe, width: 96 } }
    await expect((await pipeline).resume(other)).rejects.toThrow('256 latent values, this run has 384')
  })
})

async function ending(run: Run) {
  return { latents: run.latents, rgb: (await run.decode()).rgb, preview: run.preview().rgb }
}
