// What a page offers the device tests: the engine as the Studio gets it, over the worker that scripts/build-engine.ts built; and the
// latents a run starts from, which the engine shows nobody.
import * as ort from 'onnxruntime-web/webgpu'
import { createWebRuntime } from '#app/device/engine/ort/web-runtime.ts'
import { weightsUrl } from '#app/device/engine/weights/fetch-weights.ts'
import type { ModelManifest } from '#contracts/model-manifest.ts'
import type { Recipe } from '#contracts/recipe.ts'
import { loadPipeline } from '#diffusion/pipelines/pipeline.ts'

export { createDeviceEngine } from '#app/device/engine/create-device-engine.ts'
export { fetchManifest } from '#app/device/engine/fetch-manifest.ts'

/** Float32 values as the numbers they are. */
export async function initialLatents(provider: 'wasm' | 'webgpu', manifest: ModelManifest, recipe: Recipe) {
  ort.env.wasm.wasmPaths = '/node_modules/onnxruntime-web/dist/'
  ort.env.wasm.numThreads = 1
  const pipeline = await loadPipeline({
    runtime: createWebRuntime({ ort, provider }),
    manifest,
    files: {
      has: async (path) => Object.hasOwn(manifest.files, path),
      readBytes: async (path) => new Uint8Array(await (await fetch(weightsUrl(manifest, path))).arrayBuffer()),
    },
  })
  const run = await pipeline.start({ recipe })
  const latents = [...run.latents]
  await pipeline.dispose()
  return latents
}
export { bufferGrowth, plainLoop, transferCosts } from './plain-loop.ts'
