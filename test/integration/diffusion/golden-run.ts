// One golden case through a pipeline, wherever it runs: Node and browsers share this file, so it imports neither.
import type { ModelManifest } from '#contracts/model-manifest.ts'
import type { Recipe } from '#contracts/recipe.ts'
import type { RgbImage } from '#diffusion/images/rgb-image.ts'
import type { Pipeline } from '#diffusion/pipelines/pipeline.ts'
import { runToEnd } from '#diffusion/pipelines/run-to-end.ts'

export const TINY_MODELS = ['sd1', 'sd2', 'sdxl', 'inpaint', 'lcm'] as const
export type TinyModel = (typeof TINY_MODELS)[number]

export interface GoldenCase {
  readonly name: string
  readonly kind: 'text' | 'image' | 'inpaint'
  readonly recipe: Partial<Recipe>
  readonly strength?: number
  /** Base64 of float32 values and of RGB bytes: what diffusers made. */
  readonly latents: string
  readonly rgb: string
}
export interface GoldenFile {
  /** Base64 of a 64 x 64 picture and mask. */
  readonly input: string
  readonly mask: string
  readonly cases: readonly GoldenCase[]
}

export const bytes = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))

export async function runGolden(
  pipeline: Pipeline,
  name: TinyModel,
  golden: GoldenFile,
  { kind, recipe, strength }: GoldenCase,
): Promise<{ latents: Float32Array; picture: RgbImage }> {
  const input = { width: 64, height: 64, rgb: bytes(golden.input) }
  const mask = { width: 64, height: 64, data: bytes(golden.mask) }
  const overrides: Partial<Recipe> = {
    ...recipe,
    ...(strength === undefined ? {} : { input: { hash: 'b'.repeat(64), strength } }),
    ...(kind === 'inpaint' ? { mask: { hash: 'c'.repeat(64), blurPx: 0, region: 'whole', paddingPx: 0 } } : {}),
  }
  const run = await pipeline.start({
    recipe: tinyRecipe(name, overrides),
    ...(kind === 'text' ? {} : { input }),
    ...(kind === 'inpaint' ? { mask } : {}),
  })
  const picture = await runToEnd(run)
  return { latents: run.latents, picture }
}

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
