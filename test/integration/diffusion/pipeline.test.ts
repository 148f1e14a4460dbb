// What the pipelines can do beside plain text-to-image, and what they refuse, on the tiny models.
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import type { Recipe } from '#contracts/recipe.ts'
import { resizeBytes } from '#diffusion/images/region.ts'
import { runInTiles } from '#diffusion/model/tiles.ts'
import { loadVae, runPlanes } from '#diffusion/model/vae.ts'
import { createPhiloxNoise } from '#diffusion/noise/philox.ts'
import { advanceTogether } from '#diffusion/pipelines/advance-together.ts'
import type { RecipeImages } from '#diffusion/pipelines/check-recipe.ts'
import { runToEnd } from '#diffusion/pipelines/run-to-end.ts'
import { createTiling, decodeSeamless, roll } from '#diffusion/pipelines/seamless.ts'
import { traceCall } from '#diffusion/pipelines/trace.ts'
import { loadComponent } from '#diffusion/runtime/component.ts'
import { readGolden, relativeError, unpack } from '#test/golden/read-golden.ts'
import { cpu, loadTiny, ramp, TINY_MODELS, tinyFiles, tinyManifest, tinyRecipe } from './tiny-models.ts'

const sd1 = loadTiny('sd1')
const inpaint = loadTiny('inpaint')
afterAll(async () => {
  await (await sd1).dispose()
  await (await inpaint).dispose()
})

async function generate(overrides: Partial<Recipe>, images: RecipeImages = {}) {
  const run = await (await sd1).start({ recipe: tinyRecipe('sd1', overrides), ...images })
  const picture = await runToEnd(run)
  return { run, picture }
}

const from = (strength: number) => ({ input: { hash: 'b'.repeat(64), strength } })
const half = (width: number, height: number) => ({
  width,
  height,
  data: Uint8Array.from({ length: width * height }, (_, i) => (i % width < width / 2 ? 255 : 0)),
})

describe('any recipe a model can make', () => {
  test('gives a picture of its size and as many calls as it says, whatever the size, steps, strength and guidance', async () => {
    const side = fc.integer({ min: 4, max: 7 }).map((blocks) => blocks * 16)
    await fc.assert(
      fc.asyncProperty(
        side,
        side,
        fc.integer({ min: 1, max: 9 }),
        fc.option(fc.double({ min: 0.2, max: 1, noNaN: true }), { nil: undefined }),
        fc.oneof(fc.constant(0), fc.constant(1), fc.double({ min: -5, max: 30, noNaN: true })),
        async (width, height, steps, strength, guidanceScale) => {
          fc.pre(strength === undefined || Math.floor(steps * strength) > 0)
          const overrides = { width, height, steps, guidanceScale, ...(strength === undefined ? {} : from(strength)) }
          const images = strength === undefined ? {} : { input: ramp(width, height) }
          const { run, picture } = await generate(overrides, images)
          expect(picture.rgb.length).toBe(width * height * 3)
          expect(run.callIndex).toBe(run.callCount)
          expect(run.callCount).toBe(strength === undefined ? steps : Math.floor(steps * strength))
          expect(run.latents.every(Number.isFinite)).toBe(true)
        },
      ),
      { numRuns: 40 },
    )
  })

  test('guidance 0 follows the negative prompt alone', async () => {
    const { run: zero } = await generate({ guidanceScale: 0, prompt: 'a panda', negativePrompt: 'a fox' })
    const { run: fox } = await generate({ guidanceScale: 1, prompt: 'a fox', negativePrompt: 'a panda' })
    expect(relativeError(zero.latents, fox.latents)).toBeLessThan(1e-5)
  })

  test('a long prompt and a short negative one go through in one call of equal length', async () => {
    const { run } = await generate({
      prompt: 'a panda eating tacos at the beach, '.repeat(20),
      negativePrompt: 'blurry',
    })
    expect(run.done).toBe(true)
  })

  test('two prompts joined with AND are neither of the two', async () => {
    const [both, first, second] = await Promise.all([
      generate({ prompt: 'a panda AND the beach' }),
      generate({ prompt: 'a panda' }),
      generate({ prompt: 'the beach' }),
    ])
    expect(relativeError(both.run.latents, first.run.latents)).toBeGreaterThan(0.01)
    expect(relativeError(both.run.latents, second.run.latents)).toBeGreaterThan(0.01)
  })
})

describe('variations', () => {
  test('of strength 0 are the picture itself, of strength 1 the other seed’s', async () => {
    const { run: itself } = await generate({ seed: 7 })
    const { run: none } = await generate({ seed: 7, variation: { seed: 8, strength: 0 } })
    const { run: other } = await generate({ seed: 8 })
    const { run: all } = await generate({ seed: 7, variation: { seed: 8, strength: 1 } })
    expect(none.latents).toEqual(itself.latents)
    expect(relativeError(all.latents, other.latents)).toBeLessThan(1e-3)
  })
})

describe('a second pass', () => {
  const hires = { width: 128, height: 96, steps: 6, strength: 0.5 }

  test('by picture is the first picture enlarged and run image to image with the same seed', async () => {
    const { run, picture } = await generate({ hires: { ...hires, upscaler: 'lanczos' } })
    const { picture: small } = await generate({})
    const size = { width: 128, height: 96 }
    const enlarged = { ...size, rgb: resizeBytes(small.rgb, 3, small, size) }
    const { picture: expected } = await generate({ ...size, steps: 6, ...from(0.5) }, { input: enlarged })
    expect(picture).toEqual(expected)
    expect(run.callCount).toBe(5 + 3)
  })

  test('by latents gives a picture of the second size', async () => {
    const { picture } = await generate({ hires: { ...hires, upscaler: 'latent' } })
    expect([picture.width, picture.height]).toEqual([128, 96])
  })
})

describe('inpainting', () => {
  const whole = { hash: 'c'.repeat(64), blurPx: 0, region: 'whole', paddingPx: 0 } as const

  test.each(['sd1', 'inpaint'] as const)('with %s leaves every pixel outside the mask as it was', async (name) => {
    const input = ramp(64, 64)
    const mask = half(64, 64)
    const pipeline = await (name === 'sd1' ? sd1 : inpaint)
    const run = await pipeline.start({ recipe: tinyRecipe(name, { ...from(0.9), mask: whole }), input, mask })
    const picture = await runToEnd(run)
    const isKept = (i: number) => mask.data[Math.floor(i / 3)] === 0
    expect(picture.rgb.every((value, i) => !isKept(i) || value === input.rgb[i])).toBe(true)
    expect(picture.rgb.some((value, i) => !isKept(i) && value !== input.rgb[i])).toBe(true)
  })

  test('of a region works at the recipe’s size and gives back the whole picture', async () => {
    const input = ramp(200, 120)
    const mask = { width: 200, height: 120, data: new Uint8Array(200 * 120) }
    for (let y = 40; y < 60; y++) mask.data.fill(255, y * 200 + 150, y * 200 + 170)
    const region = { ...whole, region: 'masked', paddingPx: 8 } as const
    const { run, picture } = await generate({ ...from(1), mask: region }, { input, mask })
    expect(run.size).toEqual({ channels: 4, width: 8, height: 8 })
    expect([picture.width, picture.height]).toEqual([200, 120])
    const changed = [...picture.rgb.keys()].filter((i) => picture.rgb[i] !== input.rgb[i]).map((i) => Math.floor(i / 3))
    expect(changed.length).toBeGreaterThan(0)
    expect(changed.every((pixel) => mask.data[pixel] === 255)).toBe(true)
  })

  test('an inpainting model makes pictures from text alone too', async () => {
    const run = await (await inpaint).start({ recipe: tinyRecipe('inpaint') })
    expect((await runToEnd(run)).width).toBe(64)
  })
})

describe('the autoencoder', () => {
  test.each([
    ['decoded', 'vae_decoder', 'latent_sample', { channels: 4, height: 12, width: 20 }, { side: 8, scale: 8 }],
    ['encoded', 'vae_encoder', 'sample', { channels: 3, height: 96, width: 160 }, { side: 64, scale: 1 / 8 }],
  ] as const)('%s in tiles gives diffusers’ values', async (what, name, inputName, size, tile) => {
    const golden = readGolden<Record<string, { seed: number; stride: number; values: string }>>('pipelines/tiles.json')
    const { seed, stride, values } = golden[what] ?? { seed: 0, stride: 1, values: '' }
    const drawn = createPhiloxNoise(seed).next(size.channels * size.height * size.width)
    const data = name === 'vae_encoder' ? drawn.map((value) => Math.min(1, Math.max(-1, value))) : drawn
    const component = await loadComponent({ runtime: cpu, files: tinyFiles('sd1'), name })
    const output = await runInTiles((part) => runPlanes(component, inputName, part), { ...size, data }, tile)
    const kept = output.data.filter((_, i) => i % stride === 0)
    expect(relativeError(kept, unpack(values))).toBeLessThan(1e-4)
    await component.dispose()
  })

  test('goes in tiles past a megapixel, both ways', async () => {
    const size = { width: 1088, height: 1024 }
    const picture = ramp(size.width, size.height)
    const { picture: made } = await generate({ ...size, steps: 1, guidanceScale: 1, ...from(1) }, { input: picture })
    expect(made.rgb.length).toBe(1088 * 1024 * 3)
  }, 120_000)

  test('a seamless picture rolled by half is the picture of the latents rolled by half: it has no border of its own', async () => {
    const vae = await loadVae({ runtime: cpu, files: tinyFiles('sd1'), manifest: tinyManifest('sd1') })
    const size = { channels: 4, height: 8, width: 8 }
    const latents = createPhiloxNoise(1).next(256)
    const tiling = createTiling('xy', size)
    const picture = await decodeSeamless(vae, latents, size, tiling)
    const rolled = await decodeSeamless(vae, roll(latents, size, { x: 4, y: 4 }), size, tiling)
    expect(relativeError(rolled.data, roll(picture.data, picture, { x: 32, y: 32 }))).toBeLessThan(1e-5)
    await vae.dispose()
  })
})

describe('a trace', () => {
  test('tells of every call, ends at the picture’s latents and changes nothing', async () => {
    const run = await (await sd1).start({ recipe: tinyRecipe('sd1') })
    const entries = []
    while (!run.done) entries.push(await traceCall(run))
    const { run: plain } = await generate({})
    expect(run.latents).toEqual(plain.latents)
    expect(entries.map(({ callIndex }) => callIndex)).toEqual([1, 2, 3, 4, 5])
    const sigmas = entries.map(({ sigma }) => sigma)
    expect(sigmas).toEqual(sigmas.toSorted((a, b) => b - a))
    expect(entries.every(({ preview }) => preview.rgb.length === 8 * 8 * 3)).toBe(true)
  })
})

describe('half precision', () => {
  test('files with float16 inputs and outputs give the same picture to half precision', async () => {
    const pipeline = await loadTiny('sd1', { dtype: 'fp16' })
    const run = await pipeline.start({ recipe: tinyRecipe('sd1') })
    await runToEnd(run)
    const { run: single } = await generate({})
    const error = relativeError(run.latents, single.latents)
    expect(error).toBeLessThan(0.05)
    expect(error).toBeGreaterThan(0)
    await pipeline.dispose()
  })

  test('a dtype the model does not have is an error that names the files', async () => {
    await expect(loadTiny('sd2', { dtype: 'fp16' })).rejects.toThrow(
      'The model has no text_encoder/model_fp16.onnx or text_encoder/model.fp16.onnx',
    )
  })
})

describe('runs advanced together', () => {
  test.each(TINY_MODELS)(
    '%s: of different seeds, samplers, steps, sizes and guidance end as each does alone',
    async (name) => {
      const pipeline = await loadTiny(name)
      const recipes = [
        tinyRecipe(name, { seed: 1 }),
        tinyRecipe(name, { seed: 2, sampler: 'euler', steps: 3 }),
        tinyRecipe(name, { seed: 3, guidanceScale: 1, prompt: 'a fox, '.repeat(60) }),
        tinyRecipe(name, { seed: 4, width: 96, sampler: 'heun' }),
      ]
      const together = []
      for (const recipe of recipes) together.push(await pipeline.start({ recipe }))
      for (let open = together; open.length > 0; open = open.filter(({ done }) => !done)) await advanceTogether(open)
      for (const [i, recipe] of recipes.entries()) {
        const alone = await pipeline.start({ recipe })
        await runToEnd(alone)
        expect(relativeError(together[i]?.latents ?? [], alone.latents)).toBeLessThan(1e-4)
      }
      await pipeline.dispose()
    },
  )
})

test.each(TINY_MODELS)('%s: four runs in turns are each the run alone', async (name) => {
  const pipeline = await loadTiny(name)
  const guidanceScale = 3
  const seeds = [1, 2, 3, 4]
  const alone = []
  for (const seed of seeds)
    alone.push(await runToEnd(await pipeline.start({ recipe: tinyRecipe(name, { seed, guidanceScale }) })))
  const runs = []
  for (const seed of seeds) runs.push(await pipeline.start({ recipe: tinyRecipe(name, { seed, guidanceScale }) }))
  while (runs.some(({ done }) => !done)) for (const run of runs) if (!run.done) await run.advance()
  for (const [i, run] of runs.entries()) expect(await run.decode()).toEqual(alone[i])
  await pipeline.dispose()
})
