// The same recipe on the server's runtime and in the browser, on wasm and on WebGPU: the same first latents to the bit, and pictures
// that differ by rounding only.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ModelManifest } from '#contracts/model-manifest.ts'
import type { Recipe } from '#contracts/recipe.ts'
import { loadPipeline } from '#diffusion/pipelines/pipeline.ts'
import { runToEnd } from '#diffusion/pipelines/run-to-end.ts'
import { readPngText } from '#recipes/metadata/png.ts'
import { useBrowsers } from '#test/harness/browser.ts'
import { openModelFolder } from '#worker/models/model-folder.ts'
import { encodePicture } from '#worker/picture/encode-picture.ts'
import { createOnnxRuntime } from '#worker/runtime/onnx-runtime.ts'
import { type EngineServer, startEngineServer } from './device/engine-server.ts'
import type * as device from './device/page.ts'
import { expectOk, generate, modelOf, openEngine, recipeOf } from './device/run-in-page.ts'

const WEBGPU_ON_THE_CPU = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan']
/** Same weights and arithmetic, other order of sums. Measured: 85 to 89 on wasm, 76 to 89 on WebGPU; a wrong kernel gives 10 to 30. */
const FLOAT32_DB = 70
/** Other weights: rounded to 16 or 8 bits. */
const ROUNDED_DB = 30
/** A WebGPU made of CPU threads takes half a minute a step. */
const SLOW_MS = 600_000

describe('a recipe in the browser and on the server', () => {
  let server: EngineServer
  beforeAll(async () => {
    server = await startEngineServer()
  })
  afterAll(() => server?.close())
  const browsers = useBrowsers(() => server?.url ?? '', WEBGPU_ON_THE_CPU)

  it.each([
    ['wasm', 'dewpoint', { steps: 25 }],
    ['wasm', 'dewpoint', { steps: 8, sampler: 'dpmpp-2m', schedule: 'karras', prompt: 'a (fox:1.3) in the forest' }],
    ['wasm', 'sd1', { steps: 20, sampler: 'euler-a', width: 256 }],
    ['webgpu', 'sd1', { steps: 5, sampler: 'dpmpp-2m-sde' }],
    ['webgpu', 'dewpoint', { steps: 2, guidanceScale: 1 }],
  ] as const)(
    '%s, %s, %o: first latents to the bit, the picture to rounding',
    async (provider, id, overrides) => {
      const model = modelOf(server.models, id)
      const recipe = recipeOf(model, overrides)
      const reference = await onServer(model, recipe)
      const page = await browsers.visitor()
      await openEngine(page, { provider })
      const latents = await page.evaluate(
        (args) => (window as unknown as { device: typeof device }).device.initialLatents(...args),
        [provider, model, recipe] as const,
      )
      expect(Float32Array.from(latents)).toEqual(reference.initialLatents)

      const made = expectOk(await generate(page, model, recipe))
      expect(made).toMatchObject({ provider, width: recipe.width, height: recipe.height })
      const rgb = Buffer.from(made.rgb, 'base64')
      const db = psnrDb(rgb, reference.rgb)
      expect.soft(db, `${provider} ${id} PSNR`).toBeGreaterThan(made.variant === '' ? FLOAT32_DB : ROUNDED_DB)
      process.stdout.write(`parity: ${provider} ${id} ${JSON.stringify(overrides)}: ${db.toFixed(1)} dB\n`)

      // The file says the same as the server's, word for word, and holds those pixels.
      const png = Buffer.from(made.png, 'base64')
      const serversFile = await encodePicture({ ...reference, rgb }, recipe, model.name)
      expect(await readPngText(png)).toEqual(await readPngText(serversFile.png))
      expect(await pixels(png)).toEqual(await pixels(serversFile.png))
    },
    SLOW_MS,
  )
})

async function onServer(model: ModelManifest, recipe: Recipe) {
  const folder = model.id === 'sd1' ? 'test/golden/models/sd1' : `models/${model.id}`
  const runtime = createOnnxRuntime({ provider: 'cpu', threads: 0 })
  const pipeline = await loadPipeline({ runtime, files: openModelFolder(folder), manifest: model })
  try {
    const run = await pipeline.start({ recipe })
    const initialLatents = run.latents.slice()
    return { initialLatents, ...(await runToEnd(run)) }
  } finally {
    await pipeline.dispose()
  }
}

function psnrDb(a: Uint8Array, b: Uint8Array): number {
  expect(a.length).toBe(b.length)
  const squares = a.reduce((sum, value, i) => sum + (value - (b[i] ?? 0)) ** 2, 0)
  return squares === 0 ? Number.POSITIVE_INFINITY : 10 * Math.log10(255 ** 2 / (squares / a.length))
}

async function pixels(png: Uint8Array): Promise<Uint8Array> {
  const { default: sharp } = await import('sharp')
  return new Uint8Array(await sharp(png).raw().toBuffer())
}
