// What a page offers core-in-browser.test.ts: golden cases of one model on one provider.
import * as ort from 'onnxruntime-web/webgpu'
import { createWebRuntime } from '#app/device/engine/ort/web-runtime.ts'
import { loadPipeline } from '#diffusion/pipelines/pipeline.ts'
import type { ModelFiles } from '#diffusion/runtime/runtime.ts'
import { type GoldenFile, runGolden, type TinyModel, tinyManifest } from '#test/integration/diffusion/golden-run.ts'

const HTTP_OK = 200

ort.env.wasm.wasmPaths = '/node_modules/onnxruntime-web/dist/'
ort.env.wasm.numThreads = 1

/** @param indices which of the model's cases. */
export async function runGoldens(provider: 'wasm' | 'webgpu', name: TinyModel, indices: readonly number[]) {
  const golden: GoldenFile = await (await fetch(`/test/golden/pipelines/${name}.json`)).json()
  const pipeline = await loadPipeline({
    runtime: createWebRuntime({ ort, provider }),
    files: filesOf(name),
    manifest: tinyManifest(name),
  })
  const results = []
  for (const goldenCase of golden.cases.filter((_, i) => indices.includes(i))) {
    const { latents, picture } = await runGolden(pipeline, name, golden, goldenCase)
    // Plain numbers cross from page to test exactly; a float32 is a double without rounding.
    results.push({ latents: [...latents], picture: { ...picture, rgb: [...picture.rgb] } })
  }
  await pipeline.dispose()
  return results
}

function filesOf(name: TinyModel): ModelFiles {
  const url = (path: string) => `/test/golden/models/${name}/${path}`
  // Listed rather than asked for: a file that is not there would be an error in the console.
  const absent = name === 'sdxl' ? ['preview_decoder'] : ['preview_decoder', 'text_encoder_2', 'vocab.json']
  return {
    has: async (path) => !absent.some((part) => path.includes(part)),
    async readBytes(path) {
      const response = await fetch(url(path))
      if (response.status !== HTTP_OK) throw new Error(`${path}: ${response.status}`)
      return new Uint8Array(await response.arrayBuffer())
    },
  }
}
