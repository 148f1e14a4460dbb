// Models as Optimum and its like export them: timesteps scalar, of one element or one a row; float32 and float16; weights inside or in
// a file beside the graph. All of them are Stable Diffusion in miniature (training/golden/export_tiny_models.py).
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ModelManifest } from '#contracts/model-manifest.ts'
import type { Recipe } from '#contracts/recipe.ts'
import type { NetworkFile } from '#diffusion/networks/with-networks.ts'
import { loadPipeline } from '#diffusion/pipelines/pipeline.ts'
import { runToEnd } from '#diffusion/pipelines/run-to-end.ts'
import type { ModelFiles } from '#diffusion/runtime/runtime.ts'
import { networksOf } from '#recipes/prompt/networks.ts'
import { withExternalData } from '#test/harness/external-data.ts'
import { tinyModelFolder } from '#test/harness/tiny-model-files.ts'
import { cpu, tinyFiles, tinyManifest, tinyRecipe } from '#test/integration/diffusion/tiny-models.ts'
import { type AddModelOptions, addModel } from '#worker/models/add-model.ts'
import { openFolderSource } from '#worker/models/folder-source.ts'
import { findInstalledModel } from '#worker/models/installed-models.ts'
import { openModelFolder } from '#worker/models/model-folder.ts'

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'dewpoint-exports-'))
})
afterAll(() => rm(dir, { recursive: true }))

const add = async (folder: string, id: string, options: Partial<AddModelOptions> = {}): Promise<ModelManifest> =>
  addModel({
    source: await openFolderSource(folder),
    modelsDir: dir,
    id,
    allPrecisions: false,
    runtime: cpu,
    signal: new AbortController().signal,
    report: { onPlan: () => undefined, onBytes: () => undefined, onStage: () => undefined },
    ...options,
  })

async function draw(files: ModelFiles, recipe: Recipe = tinyRecipe('sd1'), dtype?: string) {
  const networks: NetworkFile[] = networksOf(recipe).map((use) => ({
    ...use,
    readBytes: async () => new Uint8Array(await readFile(lora)),
  }))
  const options = { runtime: cpu, files, manifest: tinyManifest('sd1'), networks }
  const pipeline = await loadPipeline(dtype === undefined ? options : { ...options, dtype })
  try {
    return await runToEnd(await pipeline.start({ recipe }))
  } finally {
    await pipeline.dispose()
  }
}

const lora = new URL('../../golden/networks/kohya.safetensors', import.meta.url)
const loraRecipe = tinyRecipe('sd1', {
  prompt: 'a panda <lora:kohya:0.5>',
  networks: [{ kind: 'lora', name: 'kohya', hash: createHash('sha256').update(readFileSync(lora)).digest('hex') }],
})

/** A copy of the tiny SD 1 with graphs whose weights lie beside them. */
async function externalCopy(
  name: string,
  location: (graph: string) => string,
  graphs: readonly string[],
): Promise<string> {
  const folder = join(dir, `source-${name}`)
  await cp(tinyModelFolder('sd1'), folder, { recursive: true })
  for (const path of graphs) {
    const graph = path.split('/').at(-1) ?? ''
    const { model, data } = withExternalData(new Uint8Array(await readFile(join(folder, path))), location(graph))
    await writeFile(join(folder, path), model)
    await writeFile(join(folder, path, '..', location(graph)), data)
  }
  return folder
}

describe('an exported model', () => {
  test.each([
    ['sd1', 'vector'],
    ['inpaint', 'vector'],
    ['sd2', 'scalar'],
    ['sdxl', 'scalar'],
    ['lcm', 'vector'],
  ] as const)('of %s’s form is installed, and known by its timestep: %s', async (name, timestep) => {
    const { timestep: found, textWindows } = await add(tinyModelFolder(name), `form-${name}`)
    expect({ timestep: found, textWindows }).toEqual({ timestep, textWindows: null })
  })

  test('with its weights beside the graphs is installed with them, and makes the same picture', async () => {
    const graphs = ['unet/model.onnx', 'text_encoder/model.onnx', 'vae_decoder/model.onnx']
    const folder = await externalCopy('beside', (graph) => `${graph}_data`, graphs)
    const manifest = await add(folder, 'beside')
    expect(Object.keys(manifest.files)).toEqual(expect.arrayContaining(graphs.map((path) => `${path}_data`)))
    const { files } = await findInstalledModel(dir, 'beside')
    expect(await draw(files)).toEqual(await draw(tinyFiles('sd1')))
  })

  test('with its weights beside the graphs takes a LoRA like any other', async () => {
    const folder = await externalCopy('lora', () => 'weights.pb', ['unet/model.onnx', 'text_encoder/model.onnx'])
    const before = await readFile(join(folder, 'unet', 'weights.pb'))
    expect(await draw(openModelFolder(folder), loraRecipe)).toEqual(await draw(tinyFiles('sd1'), loraRecipe))
    // Merged in memory; the file on disk stays what its manifest says.
    expect((await readFile(join(folder, 'unet', 'weights.pb'))).equals(before)).toBe(true)
  })

  test('of float16 with its weights beside the graphs makes the same picture as with them inside', async () => {
    const folder = await externalCopy('half', (graph) => `${graph}_data`, ['unet/model_fp16.onnx'])
    expect(await draw(openModelFolder(folder), undefined, 'fp16')).toEqual(
      await draw(tinyFiles('sd1'), undefined, 'fp16'),
    )
    const manifest = await add(folder, 'half', { allPrecisions: true })
    expect(Object.keys(manifest.files)).toContain('unet/model_fp16.onnx_data')
  })

  test('that names weights it does not have is refused by their name', async () => {
    const folder = await externalCopy('lost', (graph) => `${graph}_data`, ['unet/model.onnx'])
    await rm(join(folder, 'unet', 'model.onnx_data'))
    await expect(add(folder, 'lost')).rejects.toThrow(
      'unet/model.onnx keeps its weights in unet/model.onnx_data, which is not there',
    )
  })

  test.each(['../../../secret.bin', '/etc/passwd', '..\\secret.bin'])(
    'that names weights at %j is refused',
    async (location) => {
      const folder = join(dir, `source-${Buffer.from(location).toString('hex')}`)
      await cp(tinyModelFolder('sd1'), folder, { recursive: true })
      const path = join(folder, 'unet', 'model.onnx')
      await writeFile(path, withExternalData(new Uint8Array(await readFile(path)), location).model)
      await expect(add(folder, 'outside')).rejects.toThrow('is no file name that is written here')
      // Without `models add` in between, the loader refuses as well.
      await expect(draw(openModelFolder(folder), loraRecipe)).rejects.toThrow()
    },
  )
})
