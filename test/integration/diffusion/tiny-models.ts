// The tiny models of training/golden/export_tiny_models.py, ready to run in Node. Weights are random, so pictures mean nothing; the
// arithmetic is Stable Diffusion's.
import { readFileSync } from 'node:fs'
import type { RgbImage } from '#diffusion/images/rgb-image.ts'
import type { LoadModelOptions } from '#diffusion/model/load-options.ts'
import { loadPipeline, type Pipeline } from '#diffusion/pipelines/pipeline.ts'
import type { ModelFiles } from '#diffusion/runtime/runtime.ts'
import { openModelFolder } from '#worker/models/model-folder.ts'
import { createOnnxRuntime } from '#worker/runtime/onnx-runtime.ts'
import { type GoldenFile, type TinyModel, tinyManifest } from './golden-run.ts'

export { TINY_MODELS, type TinyModel, tinyManifest, tinyRecipe } from './golden-run.ts'

const GOLDEN = new URL('../../golden/', import.meta.url)

export const readGoldens = (name: TinyModel): GoldenFile =>
  JSON.parse(readFileSync(new URL(`pipelines/${name}.json`, GOLDEN), 'utf8'))

/** One thread: the same sums in the same order on every machine with the same instructions. */
export const cpu = createOnnxRuntime({ provider: 'cpu', threads: 1 })

export const tinyFiles = (name: TinyModel) => openModelFolder(new URL(`models/${name}`, GOLDEN).pathname)

/** The model with one component, replaced or added, from another folder of test/golden/models/. */
export function withComponent(
  name: TinyModel,
  component: string,
  folder: string,
  componentThere = component,
): ModelFiles {
  const own = tinyFiles(name)
  const other = openModelFolder(new URL(`models/${folder}`, GOLDEN).pathname)
  const find = (path: string): [ModelFiles, string] =>
    path.startsWith(`${component}/`) ? [other, path.replace(component, componentThere)] : [own, path]
  return {
    has: (path) => {
      const [files, at] = find(path)
      return files.has(at)
    },
    readBytes: (path) => {
      const [files, at] = find(path)
      return files.readBytes(at)
    },
  }
}

export function loadTiny(name: TinyModel, options: Partial<LoadModelOptions> = {}): Promise<Pipeline> {
  return loadPipeline({ runtime: cpu, files: tinyFiles(name), manifest: tinyManifest(name), ...options })
}

/** A picture no two pixels of which are alike. */
export function ramp(width: number, height: number): RgbImage {
  const rgb = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 7 + Math.floor(i / width) * 3) % 256)
  return { width, height, rgb }
}
