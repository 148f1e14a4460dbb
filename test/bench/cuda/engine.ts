// The worker's own engine on a graphics card, beside the same engine on the processor: the same pictures, how fast, and whether pictures
// that share a U-Net call come out as each does alone. Prints one JSON line a finding, as it goes; a part that fails does not lose the others.
// node test/bench/cuda/engine.ts --device cuda|cpu [--models DIR] [--model ID]... [--seconds N] [--pictures N] [--rounds N]
import { execFileSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import type { ModelManifest } from '#contracts/model-manifest.ts'
import type { Recipe } from '#contracts/recipe.ts'
import { comparePictures } from '#diffusion/images/compare-pictures.ts'
import { advanceTogether } from '#diffusion/pipelines/advance-together.ts'
import { loadPipeline, type Pipeline } from '#diffusion/pipelines/pipeline.ts'
import type { Run } from '#diffusion/pipelines/run.ts'
import { decodePicture } from '#worker/cli/decode-picture.ts'
import { type EngineHandle, startEngine } from '#worker/engine/engine-client.ts'
import { findInstalledModel } from '#worker/models/installed-models.ts'
import { createOnnxRuntime } from '#worker/runtime/onnx-runtime.ts'
import { median } from '../measure.ts'
import { partsUntil, say } from './parts.ts'

const PROMPTS = [
  'a panda eating tacos at the beach',
  'a red fox in the snow',
  'a lighthouse by the sea at night',
  'two owls in a library',
]
/** Share of the calls after which three more pictures join, when pictures share calls. */
const JOIN_AFTER = 0.2

const { values: options } = parseArgs({
  options: {
    device: { type: 'string', default: 'cuda' },
    models: { type: 'string', default: new URL('../../../models', import.meta.url).pathname },
    seconds: { type: 'string', default: '90' },
    /** At once, at most. */
    pictures: { type: 'string', default: '32' },
    rounds: { type: 'string', default: '7' },
    /** Only pictures against the CPU: for a run under other settings of the driver, such as NVIDIA_TF32_OVERRIDE=0. */
    'compare-only': { type: 'boolean', default: false },
    model: { type: 'string', multiple: true, default: ['dewpoint', 'dewpoint-fast'] },
  },
})
const provider = options.device === 'cpu' ? 'cpu' : 'cuda'
const modelsDir = options.models
const pictureCount = Number(options.pictures)
const rounds = Number(options.rounds)
const models = options.model
const part = partsUntil(Date.now() + Number(options.seconds) * 1000)

const manifests = new Map<string, ModelManifest>()
for (const id of models) manifests.set(id, (await findInstalledModel(modelsDir, id)).manifest)
const manifestOf = (id: string): ModelManifest => {
  const manifest = manifests.get(id)
  if (manifest === undefined) throw new RangeError(`${id} is not installed`)
  return manifest
}

const reference = new Map<string, Uint8Array>()
/** What the first engine on the device made, by model and prompt. */
const made = new Map<string, string>()
await part('pictures of the CPU engine', async () => {
  const engine = await start('cpu')
  for (const id of models) {
    for (const [index] of PROMPTS.entries()) {
      reference.set(`${id} ${index}`, (await picture(engine, recipeOf(id, index))).png)
    }
  }
  if (!options['compare-only']) await timePictures(engine, 'cpu')
  await engine.close()
})

let engine: EngineHandle | undefined
await part(`the worker's engine starts on ${provider}`, async () => {
  const startedMs = performance.now()
  engine = await start(provider)
  say({ what: 'engine ready', provider, ms: performance.now() - startedMs, gpuMb: gpuMemoryMb() })
})
if (engine !== undefined) {
  const device = engine
  await part('pictures against the CPU', () => comparePicturesOn(device))
  if (!options['compare-only']) {
    await part('time', () => timePictures(device, provider))
    await part('the same bytes alone, again and with neighbours', () => repeatPictures(device))
    await part('many at once', () => manyPictures(device))
    say({ what: 'memory', provider, gpuMb: gpuMemoryMb(), residentMb: process.memoryUsage.rss() / 1e6 })
  }
}
if (!options['compare-only']) {
  for (const id of models) await part(`${id}: calls shared by several pictures`, () => shareCalls(id))
  await part('the same bytes from a second engine', secondEngine)
}
// Last, since ending a thread in the middle of a driver's work is the likeliest thing to crash.
await part('the engine ends', async () => engine?.close())

function start(on: 'cpu' | 'cuda'): Promise<EngineHandle> {
  return startEngine({ provider: on, threads: 0, modelsDir, modelIds: models })
}

function recipeOf(id: string, index: number, steps?: number): Recipe {
  const manifest = manifestOf(id)
  const [size] = manifest.sizes
  if (size === undefined) throw new RangeError(`${id} offers no size`)
  return {
    version: 1,
    model: { id, hash: manifest.hash },
    prompt: PROMPTS[index % PROMPTS.length] ?? '',
    negativePrompt: '',
    seed: 7 + index,
    count: 1,
    width: size.width,
    height: size.height,
    ...manifest.defaults,
    ...(steps === undefined ? {} : { steps }),
    noise: 'philox',
  }
}

interface Timed {
  readonly png: Uint8Array
  readonly sha256: string
  readonly totalMs: number
  /** Between one step's report and the next. */
  readonly stepMs: readonly number[]
}

async function picture(on: EngineHandle, recipe: Recipe): Promise<Timed> {
  const startedMs = performance.now()
  const reports: number[] = []
  const made = await on.generate({
    recipe,
    signal: new AbortController().signal,
    onStep: () => reports.push(performance.now()),
  })
  const totalMs = performance.now() - startedMs
  const stepMs = reports.slice(1).map((at, index) => at - (reports[index] ?? at))
  return { png: made.png, sha256: made.sha256, totalMs, stepMs }
}

async function comparePicturesOn(on: EngineHandle): Promise<void> {
  for (const id of models) {
    for (const [index, prompt] of PROMPTS.entries()) {
      const there = reference.get(`${id} ${index}`)
      if (there === undefined) throw new Error('There are no pictures of the CPU to compare with')
      const { png, sha256, totalMs } = await picture(on, recipeOf(id, index))
      made.set(`${id} ${index}`, sha256)
      const { pixelsMatch, largestDifference, psnrDb } = comparePictures(
        await decodePicture(there),
        await decodePicture(png),
      )
      say({ what: 'against the CPU', model: id, prompt, pixelsMatch, psnrDb, largestDifference, totalMs })
    }
  }
}

/** Another worker that takes a picture over has tuned its convolutions by itself. */
async function secondEngine(): Promise<void> {
  const engine = await start(provider)
  for (const id of models) {
    let same = 0
    for (const [index] of PROMPTS.entries()) {
      const { sha256 } = await picture(engine, recipeOf(id, index))
      if (sha256 === made.get(`${id} ${index}`)) same += 1
    }
    say({ what: 'same bytes from a second engine', model: id, of: PROMPTS.length, same })
  }
  await engine.close()
}

async function timePictures(on: EngineHandle, device: string): Promise<void> {
  for (const id of models) {
    const runs: Timed[] = []
    for (let round = 0; round < rounds; round++) runs.push(await picture(on, recipeOf(id, round)))
    say({
      what: 'prompt → PNG',
      provider: device,
      model: id,
      steps: manifestOf(id).defaults.steps,
      medianMs: median(runs.map(({ totalMs }) => totalMs)),
      leastMs: Math.min(...runs.map(({ totalMs }) => totalMs)),
      stepMs: median(runs.flatMap(({ stepMs }) => stepMs)),
    })
  }
}

async function repeatPictures(on: EngineHandle): Promise<void> {
  for (const id of models) {
    const recipes = PROMPTS.map((_, index) => recipeOf(id, index))
    const alone: string[] = []
    for (const recipe of recipes) alone.push((await picture(on, recipe)).sha256)
    const again: string[] = []
    for (const recipe of recipes) again.push((await picture(on, recipe)).sha256)
    const beside = (await Promise.all(recipes.map((recipe) => picture(on, recipe)))).map(({ sha256 }) => sha256)
    const same = (others: readonly string[]) => others.filter((sha256, index) => sha256 === alone[index]).length
    say({ what: 'same bytes', model: id, of: recipes.length, again: same(again), besideOthers: same(beside) })
  }
}

async function manyPictures(on: EngineHandle): Promise<void> {
  for (const id of models) {
    const startedMs = performance.now()
    await Promise.all(Array.from({ length: pictureCount }, (_, index) => picture(on, recipeOf(id, index))))
    const seconds = (performance.now() - startedMs) / 1000
    say({ what: 'many at once', model: id, pictures: pictureCount, perSecond: pictureCount / seconds })
  }
}

/** What the engine does not do yet (decision 0005): one call for the rows of several pictures. */
async function shareCalls(id: string): Promise<void> {
  const { manifest, files } = await findInstalledModel(modelsDir, id)
  const mustRunOn = provider === 'cuda' ? { mustRunOn: 'CUDAExecutionProvider' as const } : {}
  const pipeline = await loadPipeline({
    runtime: createOnnxRuntime({ provider, threads: 0, ...mustRunOn }),
    files,
    manifest,
  })
  try {
    await joinAndLeave(pipeline, id)
    for (const count of [1, 2, 4, 8, 16, 32].filter((size) => size <= pictureCount)) {
      await part(`${id}: ${count} in a call`, async () => {
        // Twice: a batch of a new size is tuned in its first call.
        await timeTogether(pipeline, id, count)
        const { callMs, wholeMs } = await timeTogether(pipeline, id, count)
        say({ what: 'shared calls', model: id, pictures: count, callMs, perSecond: (1000 * count) / wholeMs })
      })
    }
  } finally {
    await pipeline.dispose()
  }
}

/** Pictures of unequal length, three of which come later: each against itself alone. */
async function joinAndLeave(pipeline: Pipeline, id: string): Promise<void> {
  const steps = manifestOf(id).defaults.steps
  const recipes = Array.from({ length: 8 }, (_, index) =>
    recipeOf(id, index, steps - Math.floor(((index % 4) * steps) / 8)),
  )
  const runs = await Promise.all(recipes.map((recipe) => pipeline.start({ recipe })))
  const [early, late] = [runs.slice(0, 5), runs.slice(5)]
  for (let call = 0; open(early).length > 0 || open(late).length > 0; call++) {
    const results = await advanceTogether(open(call < JOIN_AFTER * steps ? early : runs))
    for (const result of results) if (result.status === 'rejected') throw result.reason
  }
  for (const [index, recipe] of recipes.entries()) {
    const alone = await pipeline.start({ recipe })
    while (!alone.done) await alone.advance()
    const run = runs[index]
    if (run === undefined) continue
    const [a, b] = [await run.decode(), await alone.decode()]
    const { pixelsMatch, psnrDb, largestDifference } = comparePictures(opaque(a), opaque(b))
    const relative = relativeError(run.latents, alone.latents)
    say({
      what: 'joined and left',
      model: id,
      steps: recipe.steps,
      latentsRelativeError: relative,
      pixelsMatch,
      psnrDb,
      largestDifference,
    })
  }
}

function open(runs: readonly Run[]): Run[] {
  return runs.filter(({ done }) => !done)
}

function opaque({ width, height, rgb }: { width: number; height: number; rgb: Uint8Array | Uint8ClampedArray }) {
  const rgba = new Uint8Array(width * height * 4).fill(255)
  for (let pixel = 0; pixel < width * height; pixel++) rgba.set(rgb.subarray(3 * pixel, 3 * pixel + 3), 4 * pixel)
  return { width, height, rgba, hasAlpha: false }
}

function relativeError(values: Float32Array, expected: Float32Array): number {
  let difference = 0
  let size = 0
  for (const [index, value] of expected.entries()) {
    difference += ((values[index] ?? Number.NaN) - value) ** 2
    size += value * value
  }
  return Math.sqrt(difference / size)
}

async function timeTogether(pipeline: Pipeline, id: string, count: number) {
  const startedMs = performance.now()
  const recipes = Array.from({ length: count }, (_, index) => recipeOf(id, index))
  const runs = await Promise.all(recipes.map((recipe) => pipeline.start({ recipe })))
  const callMs: number[] = []
  while (open(runs).length > 0) {
    const beforeMs = performance.now()
    for (const result of await advanceTogether(open(runs))) if (result.status === 'rejected') throw result.reason
    callMs.push(performance.now() - beforeMs)
  }
  for (const run of runs) await run.decode()
  return { callMs: median(callMs), wholeMs: performance.now() - startedMs }
}

/** Of the whole card; undefined where there is none. */
function gpuMemoryMb(): number | undefined {
  if (provider !== 'cuda') return undefined
  const used = execFileSync('nvidia-smi', ['--query-gpu=memory.used', '--format=csv,noheader,nounits'], {
    encoding: 'utf8',
  })
  return Number(used.trim().split('\n')[0])
}
