// LoRAs in the worker's engine: pictures with and without them side by side, and what stays in memory.
import { createHash } from 'node:crypto'
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Recipe } from '#contracts/recipe.ts'
import type { Runtime } from '#diffusion/runtime/runtime.ts'
import { buildRecipe } from '#recipes/build-recipe.ts'
import { namedNetworks } from '#recipes/prompt/networks.ts'
import { tinyModelFolder } from '#test/harness/tiny-model-files.ts'
import { decodePicture } from '#worker/cli/decode-picture.ts'
import { Engine, type LoadedModel } from '#worker/engine/engine.ts'
import { loadModels } from '#worker/engine/load-models.ts'
import { addModel } from '#worker/models/add-model.ts'
import { addNetwork } from '#worker/models/add-network.ts'
import { openFolderSource } from '#worker/models/folder-source.ts'
import { listInstalledModels } from '#worker/models/installed-models.ts'
import { listInstalledNetworks } from '#worker/models/installed-networks.ts'
import { createOnnxRuntime } from '#worker/runtime/onnx-runtime.ts'

/** Counts the U-Nets in memory. */
function countingRuntime(): { runtime: Runtime; unets: () => number } {
  const runtime = createOnnxRuntime({ provider: 'cpu', threads: 1 })
  let count = 0
  return {
    unets: () => count,
    runtime: {
      provider: 'cpu',
      async createSession(files, path) {
        const session = await runtime.createSession(files, path)
        const isUNet = path.startsWith('unet/')
        if (isUNet) count++
        return {
          inputs: session.inputs,
          outputs: session.outputs,
          run: (feeds) => session.run(feeds),
          async dispose() {
            if (isUNet) count--
            await session.dispose()
          },
        }
      },
    },
  }
}

describe('the engine with LoRAs', () => {
  const { runtime, unets } = countingRuntime()
  let dir: string
  let models: LoadedModel[]
  let recipe: (prompt: string) => Promise<Recipe>

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'dewpoint-engine-'))
    const source = await openFolderSource(tinyModelFolder('sd1'))
    const report = { onPlan: () => undefined, onBytes: () => undefined, onStage: () => undefined }
    const signal = new AbortController().signal
    const manifest = await addModel({
      source,
      modelsDir: dir,
      id: 'tiny',
      allPrecisions: false,
      runtime,
      signal,
      report,
    })
    for (const name of ['kohya', 'style']) {
      const path = fileURLToPath(new URL(`../../golden/networks/${name}.safetensors`, import.meta.url))
      await addNetwork({ path, modelsDir: dir })
    }
    models = await loadModels(runtime, await listInstalledModels(dir), dir)
    recipe = async (prompt) => {
      const installed = (await listInstalledNetworks(dir)).map((network) => network.manifest)
      const { networks } = namedNetworks({ prompt, negativePrompt: '' }, installed)
      const asked = { ...manifest.defaults, prompt, count: 1, width: 64, height: 64, steps: 4 }
      return buildRecipe(manifest, asked, { seed: 3, networks })
    }
  })
  afterAll(async () => {
    for (const { pipelines } of models ?? []) await pipelines.dispose()
    expect(unets()).toBe(0)
    await rm(dir, { recursive: true })
  })

  // Of the pixels alone: the file holds the recipe.
  const makeOf = async (engine: Engine, asked: Recipe) => {
    const job = { recipe: asked, signal: new AbortController().signal, onStep: () => undefined }
    const { png } = await engine.generate(job)
    return createHash('sha256')
      .update((await decodePicture(png)).rgba)
      .digest('hex')
  }
  const make = async (engine: Engine, prompt: string) => makeOf(engine, await recipe(prompt))

  test('draws each picture with its own, alone or among others', async () => {
    const prompts = [
      'a panda',
      'a panda <lora:kohya:0.5>',
      'a panda <lora:style:0.8>',
      'a panda <lora:kohya:0.5><lora:style:0.8>',
    ]
    const engine = new Engine(models)
    const alone: string[] = []
    for (const prompt of prompts) alone.push(await make(engine, prompt))
    expect(new Set(alone).size).toBe(4)
    expect(await Promise.all(prompts.map((prompt) => make(engine, prompt)))).toEqual(alone)
  })

  test.each([
    ['a panda <lora:kohya:0.5>', ['kohya']],
    ['a panda [<lora:kohya:0.5>|x]', ['kohya']],
    ['a panda <lora: kohya :0.5>', []],
    ['a panda \\<lora:kohya:0.5\\>', []],
    ['a panda <lora:kohya:0.5><lora:kohya:-0.5>', []],
    ['a panda <hypernet:kohya:0.5>', []],
    ['a panda {<lora:kohya:0.5>|<lora:style:0.5>}', [expect.stringMatching('^(kohya|style)$')]],
  ])('loads just what the recipe lists: %j', async (prompt, listed) => {
    const { networks, ...rest } = await recipe(prompt)
    expect((networks ?? []).map(({ name }) => name)).toEqual(listed)
    const engine = new Engine(models)
    const [asListed, alone] = [await makeOf(engine, await recipe(prompt)), await makeOf(engine, rest)]
    expect(asListed === alone).toBe(listed.length === 0)
  })

  test('keeps one merged model for the next picture, and not a second', async () => {
    const engine = new Engine(models)
    await make(engine, 'a fox <lora:kohya:0.5>')
    expect(unets()).toBe(2)
    await make(engine, 'a cat <lora:style:0.5>')
    expect(unets()).toBe(2)
    await make(engine, 'a dog')
    expect(unets()).toBe(2)
  })

  test('says which one is missing, to whoever has it', async () => {
    const missing = await recipe('a fox <lora:kohya:0.25>')
    const networks = [{ kind: 'lora', name: 'kohya', hash: '0'.repeat(64) }] as const
    const job = {
      recipe: { ...missing, networks: [...networks] },
      signal: new AbortController().signal,
      onStep: () => undefined,
    }
    // Not a RangeError: the recipe is in order, and another worker may have the file.
    const refusal = new Engine(models).generate(job)
    await expect(refusal).rejects.toThrow(/needs the lora kohya \(0{64}\); installed by that name is [0-9a-f]{64}/)
    await expect(refusal).rejects.not.toBeInstanceOf(RangeError)
    expect(await make(new Engine(models), 'a fox')).toMatch(/^[0-9a-f]{64}$/)
  })

  test('finds one that was installed while it ran', async () => {
    const path = join(dir, 'later.safetensors')
    await mkdir(dir, { recursive: true })
    await copyFile(new URL('../../golden/networks/style.safetensors', import.meta.url), path)
    await addNetwork({ path, modelsDir: dir })
    expect(await make(new Engine(models), 'a panda <lora:later:0.8>')).not.toBe(
      await make(new Engine(models), 'a panda'),
    )
  })
})
