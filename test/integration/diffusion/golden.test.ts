// Whole pipelines against diffusers: same weights, same noise, same scheduler config. Latents within 1e-4 of the largest value
// (two float32 engines summing convolutions in different orders), pixels within 1 of 255 (a value on the edge of rounding).
import { afterAll, describe, expect, test } from 'vitest'
import type { Recipe } from '#contracts/recipe.ts'
import { paste } from '#diffusion/images/region.ts'
import { runToEnd } from '#diffusion/pipelines/run-to-end.ts'
import { relativeError, unpack } from '#test/golden/read-golden.ts'
import { bytes, loadTiny, readGoldens, TINY_MODELS, tinyRecipe } from './tiny-models.ts'

const LATENTS_TOLERANCE = 1e-4
const PIXEL_TOLERANCE = 1

describe.each(TINY_MODELS)('%s against diffusers', (name) => {
  const golden = readGoldens(name)
  const pipeline = loadTiny(name)
  afterAll(async () => (await pipeline).dispose())

  test.each(golden.cases)('$name: the same latents and pixels', async ({ kind, recipe, strength, latents, rgb }) => {
    const input = { width: 64, height: 64, rgb: bytes(golden.input) }
    const mask = { width: 64, height: 64, data: bytes(golden.mask) }
    const overrides: Partial<Recipe> = {
      ...recipe,
      ...(strength === undefined ? {} : { input: { hash: 'b'.repeat(64), strength } }),
      ...(kind === 'inpaint' ? { mask: { hash: 'c'.repeat(64), blurPx: 0, region: 'whole', paddingPx: 0 } } : {}),
    }
    const run = await (await pipeline).start({
      recipe: tinyRecipe(name, overrides),
      ...(kind === 'text' ? {} : { input }),
      ...(kind === 'inpaint' ? { mask } : {}),
    })
    const picture = await runToEnd(run)

    expect(relativeError(run.latents, unpack(latents))).toBeLessThan(LATENTS_TOLERANCE)
    const size = { width: picture.width, height: picture.height }
    const expected = { ...size, rgb: bytes(rgb) }
    // diffusers gives back what the decoder made of the untouched part; we give back the original there.
    const alpha = Float32Array.from(mask.data, (value) => value / 255)
    const inPlace = kind === 'inpaint' ? paste(input, expected, { x: 0, y: 0, ...size }, alpha) : expected
    const differences = picture.rgb.map((value, i) => Math.abs(value - (inPlace.rgb[i] ?? 0)))
    expect(Math.max(...differences)).toBeLessThanOrEqual(PIXEL_TOLERANCE)
  })
})
