// `models add` on real (tiny) models: from a folder, and from a hub on this machine that drops connections, lies and misbehaves.
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ModelManifest } from '#contracts/model-manifest.ts'
import { loadPipeline } from '#diffusion/pipelines/pipeline.ts'
import { runToEnd } from '#diffusion/pipelines/run-to-end.ts'
import { type HubServer, startHub } from '#test/harness/hub-server.ts'
import { tinyModelFiles, tinyModelFolder } from '#test/harness/tiny-model-files.ts'
import { addModel } from '#worker/models/add-model.ts'
import { openFolderSource } from '#worker/models/folder-source.ts'
import { openHubSource } from '#worker/models/hub-source.ts'
import { findInstalledModel, listInstalledModels, verifyModel } from '#worker/models/installed-models.ts'
import type { ModelSource } from '#worker/models/model-sources.ts'
import { createOnnxRuntime } from '#worker/runtime/onnx-runtime.ts'

const runtime = createOnnxRuntime({ provider: 'cpu', threads: 1 })
const REPO = 'somebody/Tiny-Model'

let dir: string
let hub: HubServer | undefined
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'dewpoint-add-'))
})
afterEach(async () => {
  await hub?.close()
  hub = undefined
  await rm(dir, { recursive: true })
})

const files = tinyModelFiles('sd1')
files.set(
  'README.md',
  new TextEncoder().encode('---\nlicense: creativeml-openrail-m\n---\n# Tiny\n\nA model of random weights.\n'),
)
files.set('safety_checker/model.onnx', new Uint8Array(30_000))
files.set('unet/diffusion_pytorch_model.safetensors', new Uint8Array(30_000))

const seen: { plan?: { id: string; totalBytes: number }; bytes: number[] } = { bytes: [] }
function add(source: ModelSource, options: Partial<Parameters<typeof addModel>[0]> = {}): Promise<ModelManifest> {
  seen.bytes = []
  return addModel({
    source,
    modelsDir: dir,
    allPrecisions: false,
    runtime,
    signal: new AbortController().signal,
    report: {
      onPlan: (plan) => {
        seen.plan = plan
      },
      onBytes: (bytes) => seen.bytes.push(bytes),
      onStage: () => undefined,
    },
    ...options,
  })
}
const open = (server: HubServer, revision?: string) =>
  openHubSource(REPO, revision, { hubUrl: server.url, accessToken: undefined, fetch, firstWaitMs: 0 })
const fetchesOf = (server: HubServer, path: string) =>
  server.requests.filter((request) => request.includes(path) && !request.endsWith('bytes=0-0'))

describe('a model from the hub', () => {
  test('is fetched, described and installed, and draws', async () => {
    hub = await startHub(REPO, files)
    const manifest = await add(await open(hub))
    expect(manifest).toMatchObject({
      id: 'tiny-model',
      license: 'creativeml-openrail-m',
      summary: 'A model of random weights.',
      family: 'sd1',
      // Upright and wide would go below the smallest side a recipe may have.
      sizes: [{ width: 64, height: 64 }],
      fixedSize: false,
      predictionType: 'epsilon',
      timestep: 'vector',
      textWindows: null,
      source: { repo: REPO, revision: hub.commit },
    })
    expect(seen.bytes.at(-1)).toBe(seen.plan?.totalBytes)
    expect(Object.keys(manifest.files)).not.toContain('unet/model_fp16.onnx')
    expect(hub.requests.filter((request) => /safety_checker|safetensors/.test(request))).toEqual([])

    const installed = await findInstalledModel(dir, 'tiny-model')
    await verifyModel(installed)
    const pipeline = await loadPipeline({ runtime, files: installed.files, manifest: installed.manifest })
    const [size] = manifest.sizes
    const picture = await runToEnd(
      await pipeline.start({
        recipe: {
          version: 1,
          model: { id: manifest.id, hash: manifest.hash },
          prompt: 'a panda',
          negativePrompt: '',
          seed: 1,
          count: 1,
          width: size?.width ?? 0,
          height: size?.height ?? 0,
          ...manifest.defaults,
          steps: 2,
          noise: 'philox',
        },
      }),
    )
    expect(new Set(picture.rgb).size).toBeGreaterThan(10)
    await pipeline.dispose()
    expect(await readdir(join(dir, '.partial'))).toEqual([])
  })

  test('goes on where the connection dropped, also when the command is run again', async () => {
    hub = await startHub(REPO, files)
    hub.faults.set('unet/model.onnx', { dropAfter: { bytes: 100_000, times: 2 } })
    await add(await open(hub))
    const asked = fetchesOf(hub, 'unet/model.onnx').map((request) => Number(/bytes=(\d+)-/.exec(request)?.[1]))
    expect(asked).toHaveLength(3)
    expect(asked).toEqual([...asked].sort((a, b) => a - b))
    expect(new Set(asked).size).toBe(3)
    await rm(join(dir, 'tiny-model'), { recursive: true })

    // A connection that brings nothing any more ends the command; what had arrived stays for the next.
    hub.faults.set('unet/model.onnx', { dropAfter: { bytes: 50_000, times: 1 } })
    await hub.close()
    hub = await startHub(REPO, files)
    let stopped = false
    const source = await openHubSource(REPO, undefined, {
      hubUrl: hub.url,
      accessToken: undefined,
      firstWaitMs: 0,
      fetch: async (input, init) => {
        if (stopped) throw new TypeError('the line is dead')
        const response = await fetch(input, init)
        stopped =
          String(input).includes('unet/model.onnx') &&
          response.headers.get('content-range')?.startsWith('bytes 0-3') === true
        return response
      },
    })
    hub.faults.set('unet/model.onnx', { dropAfter: { bytes: 50_000, times: 99 } })
    await expect(add(source)).rejects.toThrow(
      /unet\/model.onnx stopped at \d+ of \d+ bytes .* run the same command again/,
    )
    expect(await listInstalledModels(dir)).toEqual([])
    hub.faults.clear()
    hub.requests.length = 0
    await add(await open(hub))
    expect(fetchesOf(hub, 'unet/model.onnx')).toHaveLength(1)
    expect(fetchesOf(hub, 'unet/model.onnx')[0]).not.toContain('bytes=0-')
    // What came whole the first time is not fetched again.
    expect(fetchesOf(hub, 'text_encoder/model.onnx')).toEqual([])
  })

  test('starts a file over where the hub gives no ranges', async () => {
    hub = await startHub(REPO, files)
    hub.faults.set('unet/model.onnx', { dropAfter: { bytes: 100_000, times: 1 }, ignoresRanges: true })
    await add(await open(hub))
    await verifyModel(await findInstalledModel(dir, 'tiny-model'))
  })

  test.each([
    ['lists a size the file does not have', { listedSize: 1_000 }, 'is listed with 1000 bytes and offered with'],
    ['claims another size than it lists', { claimedSize: 99_999_999 }, 'and offered with 99999999'],
    ['sends other bytes than it lists the hash of', { otherBytes: true }, 'arrived with another hash'],
    ['refuses', { status: 403 }, 'the hub answers 403; a gated repository wants HF_TOKEN'],
    ['keeps failing', { status: 500 }, 'stopped at 0 of'],
  ])('is no model where the hub %s', async (_what, fault, rule) => {
    hub = await startHub(REPO, files)
    hub.faults.set('vae_decoder/model.onnx', fault)
    await expect(open(hub).then((source) => add(source))).rejects.toThrow(rule)
    expect(await listInstalledModels(dir)).toEqual([])
    // A hub that has come to its senses gets its model installed by the same command.
    hub.faults.clear()
    expect((await add(await open(hub))).id).toBe('tiny-model')
  })

  test('of another commit starts anew instead of mixing the two', async () => {
    hub = await startHub(REPO, files)
    hub.faults.set('vae_encoder/model.onnx', { status: 500 })
    await expect(open(hub).then((source) => add(source))).rejects.toThrow('stopped at')
    await hub.close()
    hub = await startHub(REPO, files, 'd'.repeat(40))
    await add(await open(hub))
    expect(fetchesOf(hub, 'text_encoder/model.onnx')).toHaveLength(1)
  })

  test('is not begun where the disk has no room for it', async () => {
    hub = await startHub(REPO, files)
    const source = await open(hub)
    await expect(add(source, { freeBytes: async () => 200_100_000 })).rejects.toThrow(
      /needs 0.00 GB more, and 0.20 GB stay free/,
    )
    expect(fetchesOf(hub, 'unet/model.onnx')).toEqual([])
  })

  test('stops at once when told to, and leaves no model', async () => {
    hub = await startHub(REPO, files)
    const controller = new AbortController()
    const source = await open(hub)
    const stopping = add(source, {
      signal: controller.signal,
      report: { onPlan: () => controller.abort(), onBytes: () => undefined, onStage: () => undefined },
    })
    await expect(stopping).rejects.toThrow(/abort/i)
    expect(await listInstalledModels(dir)).toEqual([])
  })

  test.each([
    ['FluxPipeline', 'This model is a FluxPipeline; what runs here is Stable Diffusion 1.x and 2.x, SDXL'],
    ['StableDiffusion3Pipeline', 'This model is a StableDiffusion3Pipeline'],
    ['PixArtAlphaPipeline', 'This model is a PixArtAlphaPipeline'],
  ])('that is a %s is refused by name before its weights are fetched', async (name, rule) => {
    const other = new Map(files).set(
      'model_index.json',
      new TextEncoder().encode(JSON.stringify({ _class_name: name })),
    )
    hub = await startHub(REPO, other)
    await expect(open(hub).then((source) => add(source))).rejects.toThrow(rule)
    expect(hub.requests.filter((request) => request.includes('.onnx'))).toEqual([])
  })

  test.each(['unet/../../../evil.json', '../evil/model_index.json', 'unet/mo\u0000del.onnx'])(
    'with a file named %j is refused by that name',
    async (path) => {
      hub = await startHub(REPO, new Map(files).set(path, new Uint8Array(10)))
      await expect(open(hub).then((source) => add(source))).rejects.toThrow('is no file name that is written here')
      expect(await listInstalledModels(dir)).toEqual([])
    },
  )

  test('is asked for with the person’s token, every time', async () => {
    hub = await startHub(REPO, files)
    const tokens = new Set<string | null>()
    const source = await openHubSource(REPO, undefined, {
      hubUrl: hub.url,
      accessToken: 'hf_secret',
      fetch: (input, init) => {
        tokens.add(new Headers(init?.headers).get('authorization'))
        return fetch(input, init)
      },
    })
    await add(source)
    expect([...tokens]).toEqual(['Bearer hf_secret'])
  })

  test('that is not there says so', async () => {
    hub = await startHub(REPO, files)
    await expect(
      openHubSource('nobody/nothing', 'main', { hubUrl: hub.url, accessToken: undefined, fetch }),
    ).rejects.toThrow('nobody/nothing@main cannot be read')
  })
})

describe('a model from a folder', () => {
  let folder: string
  beforeEach(async () => {
    folder = join(dir, 'source')
    await cp(tinyModelFolder('sd2'), folder, { recursive: true })
  })

  test('is copied, so that a later change of the folder does not change it', async () => {
    const manifest = await add(await openFolderSource(folder), { id: 'copied', license: 'MIT' })
    expect(manifest).toMatchObject({
      license: 'MIT',
      family: 'sd1',
      predictionType: 'v_prediction',
      timestep: 'scalar',
    })
    await writeFile(join(folder, 'unet', 'model.onnx'), 'something else')
    await verifyModel(await findInstalledModel(dir, 'copied'))
  })

  test('is not installed over another', async () => {
    await mkdir(join(dir, 'source-model'))
    await expect(add(await openFolderSource(folder), { id: 'source-model' })).rejects.toThrow(
      'There is a model source-model already',
    )
  })

  test('with links out of it is refused by the link', async () => {
    await writeFile(join(dir, 'secret.json'), '{}')
    await rm(join(folder, 'unet', 'config.json'))
    await symlink(join(dir, 'secret.json'), join(folder, 'unet', 'config.json'))
    await expect(openFolderSource(folder)).rejects.toThrow(
      /unet\/config.json is a link to .*secret.json, outside the model's folder/,
    )
  })

  test('in the hub’s own cache, where every file is a link into its blobs, is taken', async () => {
    const snapshot = join(dir, 'models--a--b', 'snapshots', 'abc')
    const blobs = join(dir, 'models--a--b', 'blobs')
    await cp(folder, snapshot, { recursive: true })
    await mkdir(blobs)
    await cp(join(folder, 'unet', 'model.onnx'), join(blobs, '1'))
    await rm(join(snapshot, 'unet', 'model.onnx'))
    await symlink('../../../blobs/1', join(snapshot, 'unet', 'model.onnx'))
    expect(
      (await add(await openFolderSource(snapshot), { id: 'cached' })).files['unet/model.onnx']?.sizeBytes,
    ).toBeGreaterThan(1_000)
  })

  test('whose config is larger than any is refused before it is parsed', async () => {
    await writeFile(join(folder, 'unet', 'config.json'), `{"a":"${'x'.repeat(50_000_000)}"}`)
    await expect(add(await openFolderSource(folder), { id: 'huge' })).rejects.toThrow(
      'a config or tokenizer has at most 50000000',
    )
    expect(await listInstalledModels(dir)).toEqual([])
  })

  test('that holds PyTorch weights is told how to convert them', async () => {
    await rm(join(folder, 'unet', 'model.onnx'))
    await writeFile(join(folder, 'unet', 'diffusion_pytorch_model.safetensors'), 'weights')
    await expect(add(await openFolderSource(folder), { id: 'torch' })).rejects.toThrow(
      /holds PyTorch weights .* npm run models -- convert/,
    )
  })

  test('keeps what its author’s manifest says, and measures the rest anew', async () => {
    const installed = await add(await openFolderSource(folder), { id: 'first' })
    const mine = {
      ...installed,
      name: 'Mine',
      summary: 'By hand',
      defaults: { ...installed.defaults, steps: 9 },
      hash: 'f'.repeat(64),
    }
    await writeFile(join(folder, 'dewpoint.json'), JSON.stringify(mine))
    const again = await add(await openFolderSource(folder), { id: 'second' })
    expect(again).toMatchObject({ name: 'Mine', summary: 'By hand', defaults: { steps: 9 }, hash: installed.hash })
    expect(JSON.parse(await readFile(join(dir, 'second', 'dewpoint.json'), 'utf8'))).toEqual(again)
  })
})
