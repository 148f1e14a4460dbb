// The model people get by default, whichever is installed first: what its manifest promises, and that it reacts as a trained
// model should.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Recipe } from '#contracts/recipe.ts'
import type { RgbImage } from '#diffusion/images/rgb-image.ts'
import type { RecipeImages } from '#diffusion/pipelines/check-recipe.ts'
import { loadPipeline, type Pipeline } from '#diffusion/pipelines/pipeline.ts'
import { runToEnd } from '#diffusion/pipelines/run-to-end.ts'
import { latentRgbPsnr } from '#worker/models/fit-latent-rgb.ts'
import { findInstalledModel, type InstalledModel, verifyModel } from '#worker/models/installed-models.ts'
import { createOnnxRuntime } from '#worker/runtime/onnx-runtime.ts'

let model: InstalledModel
let pipeline: Pipeline
beforeAll(async () => {
  model = await findInstalledModel('models', undefined)
  const runtime = createOnnxRuntime({ provider: 'cpu', threads: 0 })
  pipeline = await loadPipeline({ runtime, files: model.files, manifest: model.manifest })
})
afterAll(() => pipeline?.dispose())

async function generate(overrides: Partial<Recipe>, images: RecipeImages = {}) {
  const { id, hash, sizes, defaults } = model.manifest
  const [size = { width: 0, height: 0 }] = sizes
  const run = await pipeline.start({
    recipe: {
      version: 1,
      model: { id, hash },
      prompt: 'a panda eating tacos at the beach',
      negativePrompt: '',
      seed: 7,
      count: 1,
      ...size,
      ...defaults,
      noise: 'philox',
      ...overrides,
    },
    ...images,
  })
  return { run, picture: await runToEnd(run) }
}

describe('the embedded model', () => {
  test('has the bytes its manifest names', async () => {
    await verifyModel(model)
  })

  test('makes the same bytes from the same recipe, and others from another seed', async () => {
    const { picture } = await generate({})
    expect((await generate({})).picture).toEqual(picture)
    expect((await generate({ seed: 8 })).picture).not.toEqual(picture)
  })

  test('previews a picture it was not fitted on about as well as its manifest says', async () => {
    const { run, picture } = await generate({ prompt: 'a cat in the desert', seed: 123 })
    const psnrDb = latentRgbPsnr([{ latents: run.latents, size: run.size, picture }], model.manifest.latentRgb)
    expect(psnrDb).toBeGreaterThan(model.manifest.latentRgb.psnrDb - 6)
  })

  test('stays closer to the input image the lower the strength', async () => {
    const { picture: input } = await generate({})
    const distances = []
    for (const strength of [0.2, 0.6, 1]) {
      const { picture } = await generate({ seed: 99, input: { hash: 'b'.repeat(64), strength } }, { input })
      distances.push(meanDifference(picture, input))
    }
    expect(distances).toEqual(distances.toSorted((a, b) => a - b))
  })

  test('makes edges that meet where tiles are asked for', async () => {
    const scenery = { prompt: 'a forest', seed: 3 }
    const { picture: plain } = await generate(scenery)
    const { picture: tile } = await generate({ ...scenery, tiling: 'xy' })
    expect(seam(tile)).toBeLessThan(seam(plain) / 2)
  })
})

function meanDifference(a: RgbImage, b: RgbImage): number {
  return a.rgb.reduce((sum, value, i) => sum + Math.abs(value - (b.rgb[i] ?? 0)), 0) / a.rgb.length
}

/** How much the first and last column differ, over how much neighbouring columns do. */
function seam({ width, height, rgb }: RgbImage): number {
  const columns = (a: number, b: number) => {
    let sum = 0
    for (let y = 0; y < height; y++) {
      for (let c = 0; c < 3; c++)
        sum += Math.abs((rgb[(y * width + a) * 3 + c] ?? 0) - (rgb[(y * width + b) * 3 + c] ?? 0))
    }
    return sum
  }
  let inside = 0
  for (let x = 1; x < width; x++) inside += columns(x - 1, x) / (width - 1)
  return columns(0, width - 1) / inside
}
