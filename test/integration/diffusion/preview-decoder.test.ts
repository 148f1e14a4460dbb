// A small decoder beside the model, for previews: diffusers' AutoencoderTiny with seeded weights, pixels within 1 of 255.
import { afterAll, expect, test } from 'vitest'
import type { Runtime } from '#diffusion/runtime/runtime.ts'
import { readGolden } from '#test/golden/read-golden.ts'
import { bytes } from './golden-run.ts'
import { cpu, loadTiny, readGoldens, tinyRecipe, withComponent } from './tiny-models.ts'

const golden = readGolden<{ case: string; rgb: string }>('pipelines/preview-decoder.json')
const files = withComponent('sd1', 'preview_decoder', 'preview-decoder')
const plain = loadTiny('sd1')
const previewing = loadTiny('sd1', { files })
afterAll(async () => {
  await (await plain).dispose()
  await (await previewing).dispose()
})

/** The recipe whose finished latents the golden preview was made from; Euler ends on its predicted clean latents. */
function goldenRecipe() {
  const found = readGoldens('sd1').cases.find(({ name }) => name === golden.case)
  if (found === undefined) throw new Error(`sd1 has no golden case ${golden.case}`)
  return tinyRecipe('sd1', found.recipe)
}

function largestDifference(rgb: Uint8Array): number {
  const expected = bytes(golden.rgb)
  expect(rgb).toHaveLength(expected.length)
  return Math.max(...rgb.map((value, i) => Math.abs(value - (expected[i] ?? 0))))
}

test('the preview decoder makes diffusers’ pixels of the predicted clean latents', async () => {
  const pipeline = await previewing
  expect(pipeline.hasPreviewDecoder).toBe(true)
  const run = await pipeline.start({ recipe: goldenRecipe() })
  while (!run.done) await run.advance()
  const preview = await run.previewDecoded()
  expect([preview.width, preview.height]).toEqual([64, 64])
  expect(largestDifference(preview.rgb)).toBeLessThanOrEqual(1)
})

test('previews of every call change nothing about the picture, and each is another', async () => {
  const run = await (await previewing).start({ recipe: tinyRecipe('sd1') })
  const previews = new Set<string>()
  while (!run.done) {
    await run.advance()
    previews.add(String((await run.previewDecoded()).rgb))
  }
  expect(previews.size).toBe(run.callCount)
  const alone = await (await plain).start({ recipe: tinyRecipe('sd1') })
  while (!alone.done) await alone.advance()
  expect(await run.decode()).toEqual(await alone.decode())
})

test('a model without one says so', async () => {
  const pipeline = await plain
  expect(pipeline.hasPreviewDecoder).toBe(false)
  const run = await pipeline.start({ recipe: tinyRecipe('sd1') })
  await expect(run.previewDecoded()).rejects.toThrow(
    new RangeError('The model has no preview_decoder; preview() needs none'),
  )
})

test('one without a config, whose input is called `latents`, is read the same', async () => {
  const renaming: Runtime = {
    provider: cpu.provider,
    createSession: async (from, path) => {
      const session = await cpu.createSession(from, path)
      if (path !== 'preview_decoder/model.onnx') return session
      return {
        ...session,
        inputs: session.inputs.map((info) => ({ ...info, name: 'latents' })),
        run: ({ latents, ...others }) => session.run(latents ? { ...others, latent_sample: latents } : others),
        dispose: () => session.dispose(),
      }
    },
  }
  const bare = { ...files, has: async (path: string) => path !== 'preview_decoder/config.json' && files.has(path) }
  const pipeline = await loadTiny('sd1', { files: bare, runtime: renaming })
  const run = await pipeline.start({ recipe: goldenRecipe() })
  while (!run.done) await run.advance()
  expect(largestDifference((await run.previewDecoded()).rgb)).toBeLessThanOrEqual(1)
  await pipeline.dispose()
})

test('a graph that is no decoder is refused when the model is loaded', async () => {
  const wrong = withComponent('sd1', 'preview_decoder', 'sd1', 'vae_encoder')
  await expect(loadTiny('sd1', { files: wrong })).rejects.toThrow(
    'preview_decoder takes one input, latent_sample or latents; this one asks for sample',
  )
})
