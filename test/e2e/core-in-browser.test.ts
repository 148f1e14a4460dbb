// The core in a real Chromium, on wasm and on WebGPU: the same whole-pipeline numbers as in Node, held to diffusers' in the same way.
// A machine without a GPU runs WebGPU on the CPU through SwiftShader.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { useBrowsers } from '#test/harness/browser.ts'
import { expectGolden } from '#test/integration/diffusion/expect-golden.ts'
import { TINY_MODELS } from '#test/integration/diffusion/golden-run.ts'
import { readGoldens } from '#test/integration/diffusion/tiny-models.ts'
import type * as core from './core/page.ts'
import { serveSources } from './core/source-server.ts'

const WEBGPU_ON_THE_CPU = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan']
/** wasm sums as the CPU does; WebGPU kernels sum in other orders and use faster, coarser exponentials. */
const LATENTS_TOLERANCE = { wasm: 1e-4, webgpu: 1e-3 }

describe('the core in a browser', () => {
  let server: Awaited<ReturnType<typeof serveSources>> | undefined
  beforeAll(async () => {
    server = await serveSources({ folder: 'core' })
  })
  afterAll(() => server?.close())
  const browsers = useBrowsers(() => server?.url ?? '', WEBGPU_ON_THE_CPU)

  describe.each(['wasm', 'webgpu'] as const)('on %s', (provider) => {
    test.each(TINY_MODELS)('%s gives diffusers’ latents and pixels', async (name) => {
      const golden = readGoldens(name)
      // Node runs them all. Here one of each kind; a WebGPU made of CPU threads takes seconds a picture, so there the first.
      const firsts = golden.cases.filter(({ kind }, i) => golden.cases.findIndex((other) => other.kind === kind) === i)
      const chosen = provider === 'wasm' ? firsts : firsts.slice(0, 1)
      const indices = chosen.map((goldenCase) => golden.cases.indexOf(goldenCase))
      const page = await browsers.visitor()
      await page.goto('/')
      await page.waitForFunction(() => 'core' in window)
      const results = await page.evaluate(
        (args) => (window as unknown as { core: typeof core }).core.runGoldens(...args),
        [provider, name, indices] as const,
      )
      expect(results.length).toBe(chosen.length)
      chosen.forEach((goldenCase, i) => {
        const made = results[i]
        if (made === undefined) throw new Error(`${goldenCase.name} was not made`)
        const picture = { ...made.picture, rgb: Uint8Array.from(made.picture.rgb) }
        const values = { latents: Float32Array.from(made.latents), picture }
        expectGolden(golden, goldenCase, values, LATENTS_TOLERANCE[provider])
      })
    })
  })
})
