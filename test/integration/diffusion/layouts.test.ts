// Models as different exporters leave them: files that are not there, and graphs that say more or less than their configs.
import { describe, expect, test } from 'vitest'
import { runToEnd } from '#diffusion/pipelines/run-to-end.ts'
import type { ModelFiles } from '#diffusion/runtime/runtime.ts'
import { loadTiny, ramp, tinyFiles, tinyRecipe } from './tiny-models.ts'

function without(name: 'sd1' | 'sd2', isGone: (path: string) => boolean): ModelFiles {
  const files = tinyFiles(name)
  return {
    has: async (path) => !isGone(path) && files.has(path),
    readBytes: (path) => files.readBytes(path),
  }
}

describe('a model folder', () => {
  test('without configs beside the graphs, as diffusers’ first ONNX scripts left it, makes the same picture', async () => {
    const isConfig = (path: string) => /^(unet|text_encoder|vae_\w+)\/config\.json$/.test(path)
    const pictures = []
    for (const files of [tinyFiles('sd1'), without('sd1', isConfig)]) {
      const pipeline = await loadTiny('sd1', { files })
      pictures.push(await runToEnd(await pipeline.start({ recipe: tinyRecipe('sd1') })))
      await pipeline.dispose()
    }
    expect(pictures[1]).toEqual(pictures[0])
  })

  test('without an encoder makes pictures from text, and says why it takes no image', async () => {
    const files = without('sd2', (path) => path.startsWith('vae_encoder/'))
    const pipeline = await loadTiny('sd2', { files })
    await runToEnd(await pipeline.start({ recipe: tinyRecipe('sd2') }))
    const recipe = tinyRecipe('sd2', { input: { hash: 'b'.repeat(64), strength: 0.5 } })
    await expect(pipeline.start({ recipe, input: ramp(64, 64) })).rejects.toThrow('no vae_encoder')
    await pipeline.dispose()
  })

  test.each([
    'unet/model.onnx',
    'scheduler/scheduler_config.json',
    'model_index.json',
    'tokenizer/tokenizer_config.json',
  ])('without %s is refused by that name', async (gone) => {
    const files = without('sd1', (path) => path === gone)
    await expect(loadTiny('sd1', { files })).rejects.toThrow(gone)
  })

  test('with a config that is not JSON is refused by its name', async () => {
    const files = tinyFiles('sd1')
    const broken: ModelFiles = {
      has: (path) => files.has(path),
      readBytes: async (path) => (path === 'unet/config.json' ? new TextEncoder().encode('{') : files.readBytes(path)),
    }
    await expect(loadTiny('sd1', { files: broken })).rejects.toThrow('unet/config.json is not JSON')
  })
})
