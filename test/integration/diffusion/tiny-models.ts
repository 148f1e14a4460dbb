// The tiny models of training/export_tiny_models.py, ready to run, and recipes for them. Weights are random, so pictures mean
// nothing; the arithmetic is Stable Diffusion's.
import { readFileSync } from 'node:fs'
import type { ModelManifest } from '#contracts/model-manifest.ts'
import type { Recipe } from '#contracts/recipe.ts'
import type { LoadModelOptions } from '#diffusion/model/load-model.ts'
import type { RgbImage } from '#diffusion/pipelines/images.ts'
import { loadPipeline, type Pipeline } from '#diffusion/pipelines/pipeline.ts'
import { openModelFolder } from '#worker/models/model-folder.ts'
import { createOnnxRuntime } from '#worker/runtime/onnx-runtime.ts'

export const TINY_MODELS = ['sd1', 'sd2', 'sdxl', 'inpaint', 'lcm'] as const
export type TinyModel = (typeof TINY_MODELS)[number]

const GOLDEN = new URL('../../golden/', import.meta.url)

interface GoldenCase {
  readonly name: string
  readonly kind: 'text' | 'image' | 'inpaint'
  readonly recipe: Partial<Recipe>
  readonly strength?: number
  readonly latents: string
  readonly rgb: string
}
interface GoldenFile {
  readonly input: string
  readonly mask: string
  readonly cases: readonly GoldenCase[]
}

export const readGoldens = (name: TinyModel): GoldenFile =>
  JSON.parse(readFileSync(new URL(`pipelines/${name}.json`, GOLDEN), 'utf8'))

export const bytes = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'))

/** One thread: the same sums in the same order on every machine with the same instructions. */
export const cpu = createOnnxRuntime({ provider: 'cpu', threads: 1 })

export const tinyFiles = (name: TinyModel) => openModelFolder(new URL(`models/${name}`, GOLDEN).pathname)

export function tinyManifest(name: TinyModel): ModelManifest {
  const family = name === 'inpaint' ? 'sd1' : name
  return {
    manifestVersion: 1,
    id: name,
    name,
    summary: 'Random weights',
    license: 'MIT',
    family,
    sizes: [{ width: 64, height: 64 }],
    fixedSize: false,
    defaults: { steps: 5, guidanceScale: 7.5, sampler: 'ddim', schedule: 'automatic' },
    latentRgb: {
      weights: [
        [0.1, 0, 0],
        [0, 0.1, 0],
        [0, 0, 0.1],
        [0.05, 0.05, 0.05],
      ],
      bias: [0.5, 0.5, 0.5],
      psnrDb: 0,
    },
    examples: ['a panda'],
    files: {},
    hash: 'a'.repeat(64),
  }
}

export function loadTiny(name: TinyModel, options: Partial<LoadModelOptions> = {}): Promise<Pipeline> {
  return loadPipeline({ runtime: cpu, files: tinyFiles(name), manifest: tinyManifest(name), ...options })
}

export function tinyRecipe(name: TinyModel, overrides: Partial<Recipe> = {}): Recipe {
  return {
    version: 1,
    model: { id: name, hash: tinyManifest(name).hash },
    prompt: 'a panda eating tacos at the beach',
    negativePrompt: 'blurry, low quality',
    seed: 7,
    count: 1,
    width: 64,
    height: 64,
    steps: 5,
    sampler: 'ddim',
    schedule: 'automatic',
    guidanceScale: 7.5,
    noise: 'philox',
    ...overrides,
  }
}

/** A picture no two pixels of which are alike. */
export function ramp(width: number, height: number): RgbImage {
  const rgb = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 7 + Math.floor(i / width) * 3) % 256)
  return { width, height, rgb }
}
