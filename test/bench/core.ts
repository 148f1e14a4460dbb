// The core's own numbers: what it adds to the graphs it runs, what it allocates over a long run, what each sampler costs without
// a model, and the tiny SD 1 model end to end beside diffusers on the same weights (where .data/golden/venv is installed).
// Options: --only overhead|memory|samplers|diffusers.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { modelManifestSchema } from '#contracts/model-manifest.ts'
import type { Recipe } from '#contracts/recipe.ts'
import { SAMPLER_IDS } from '#contracts/samplers.ts'
import { createPhiloxNoise } from '#diffusion/noise/philox.ts'
import { loadPipeline, type Pipeline } from '#diffusion/pipelines/pipeline.ts'
import { runToEnd } from '#diffusion/pipelines/run-to-end.ts'
import { createScheduler } from '#diffusion/schedulers/index.ts'
import { loadTiny, tinyRecipe } from '#test/integration/diffusion/tiny-models.ts'
import { openModelFolder } from '#worker/models/model-folder.ts'
import { createOnnxRuntime } from '#worker/runtime/onnx-runtime.ts'
import { timeRuntime } from '#worker/runtime/timed-runtime.ts'
import { type Benchmark, median, type Row, row } from './measure.ts'

const MODEL = 'models/dewpoint'
const STEPS = 25
const ROUNDS = 9

const PARTS: Record<string, () => Promise<Row[]>> = { overhead, memory, samplers, diffusers }

const core: Benchmark = async (options) => {
  const only = options[options.indexOf('--only') + 1]
  const rows: Row[] = []
  for (const [name, part] of Object.entries(PARTS)) {
    if (!options.includes('--only') || only === name) rows.push(...(await part()))
  }
  return rows
}
export default core

const manifest = modelManifestSchema.parse(JSON.parse(readFileSync(`${MODEL}/dewpoint.json`, 'utf8')))
const [size] = manifest.sizes
if (size === undefined) throw new RangeError(`${MODEL} offers no size`)
const recipe: Recipe = {
  version: 1,
  model: { id: manifest.id, hash: manifest.hash },
  prompt: 'a panda eating tacos at the beach',
  negativePrompt: '',
  seed: 7,
  count: 1,
  ...size,
  ...manifest.defaults,
  steps: STEPS,
  noise: 'philox',
}

/**
 * Prompt → pixels, and the part of it spent inside `session.run`. Timed within the same run, so that a busy machine slows both;
 * `npm run bench -- spine` holds whole pictures against the graphs run bare.
 */
async function overhead(): Promise<Row[]> {
  const { runtime, times } = timeRuntime(createOnnxRuntime({ provider: 'cpu', threads: 0 }), () => performance.now())
  const pipeline = await loadPipeline({ runtime, files: openModelFolder(MODEL), manifest })
  const graphsMs = () => [...times.values()].reduce((sum, { totalMs }) => sum + totalMs, 0)
  const whole: number[] = []
  const ratios: number[] = []
  for (let round = 0; round <= ROUNDS; round++) {
    const before = graphsMs()
    const wholeMs = await timed(async () => runToEnd(await pipeline.start({ recipe })))
    // The first round warms up.
    if (round === 0) continue
    whole.push(wholeMs)
    ratios.push(wholeMs / (graphsMs() - before))
  }
  await pipeline.dispose()
  return [
    row({ what: `core, ${STEPS} steps, prompt to pixels`, values: whole, unit: 'ms' }),
    row({ what: 'whole / inside session.run', values: ratios, unit: 'x', atMost: 1.03 }),
  ]
}

/** What is still held after each stretch of a 150-step run, garbage collected. */
async function memory(): Promise<Row[]> {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  const pipeline = await loadTiny('sd1')
  const run = await pipeline.start({ recipe: tinyRecipe('sd1', { steps: 150, sampler: 'dpmpp-3m-sde' }) })
  const held = () => {
    collect()
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    return (heapUsed + arrayBuffers) / 1024
  }
  for (let call = 0; call < 30; call++) await run.advance()
  const start = held()
  const growth: number[] = []
  const allocated: number[] = []
  while (!run.done) {
    const before = process.memoryUsage()
    await run.advance()
    const after = process.memoryUsage()
    allocated.push((after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers) / 1024)
    if (run.callIndex % 10 === 0) growth.push(held() - start)
  }
  await pipeline.dispose()
  return [
    row({
      what: 'allocated by one call (collections in between left out)',
      values: allocated.filter((kb) => kb >= 0),
      unit: 'KB',
    }),
    // A leak of one set of latents a call would be 120 KB by the end; the engine's own counters move by less.
    row({ what: 'held after 150 calls beyond what was after 30', values: growth.slice(-3), unit: 'KB', atMost: 60 }),
  ]
}

/** Each sampler's arithmetic for one step of SD 1 at 512 px, latents [4, 64, 64], with a model that answers at once. */
async function samplers(): Promise<Row[]> {
  const config = {
    numTrainTimesteps: 1000,
    betaStart: 0.000_85,
    betaEnd: 0.012,
    betaSchedule: 'scaled_linear',
    predictionType: 'epsilon',
    timestepSpacing: 'leading',
    stepsOffset: 1,
    setAlphaToOne: false,
    rescaleBetasZeroSnr: false,
  } as const
  const modelOutput = createPhiloxNoise(1).next(4 * 64 * 64)
  return SAMPLER_IDS.map((sampler) => {
    const perStep: number[] = []
    for (let round = 0; round <= ROUNDS; round++) {
      const scheduler = createScheduler({ sampler, schedule: 'automatic', steps: 20, config })
      const noise = createPhiloxNoise(2)
      let sample = noise.next(4 * 64 * 64)
      const startedMs = performance.now()
      scheduler.calls.forEach((_, index) => {
        scheduler.scaleModelInput(sample, index)
        sample = scheduler.step({ modelOutput, unconditionalOutput: modelOutput, index, sample, noise }).sample
      })
      if (round > 0) perStep.push((performance.now() - startedMs) / 20)
    }
    return row({ what: `${sampler}, one step without the model`, values: perStep, unit: 'ms' })
  })
}

/** Both sides: the tiny SD 1 of test/golden, DDIM, 20 steps, guidance 7.5, 64 px, two threads, warm. */
async function diffusers(): Promise<Row[]> {
  const python = '.data/golden/venv/bin/python'
  if (!existsSync(python)) return []
  const runtime = createOnnxRuntime({ provider: 'cpu', threads: 2 })
  const pipeline = await loadTiny('sd1', { runtime })
  const rows: Row[] = []
  for (const batch of [1, 4]) {
    const ours = await imagesMs(pipeline, batch)
    const printed = execFileSync(python, ['test/bench/diffusers_peer.py', String(batch), String(ROUNDS)], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const peers: Record<string, number[]> = JSON.parse(printed.toString().trim().split('\n').at(-1) ?? '{}')
    rows.push(row({ what: `core, tiny SD 1, batch ${batch}`, values: ours, unit: 'ms' }))
    for (const [precision, values] of Object.entries(peers)) {
      rows.push(row({ what: `diffusers ${precision}, tiny SD 1, batch ${batch}`, values, unit: 'ms' }))
    }
    const best = Math.min(...Object.values(peers).map(median))
    const ratios = ours.map((value) => value / best)
    rows.push(row({ what: `core / diffusers at its best, batch ${batch}`, values: ratios, unit: 'x', atMost: 1 }))
  }
  await pipeline.dispose()
  return rows
}

async function imagesMs(pipeline: Pipeline, batch: number): Promise<number[]> {
  const values: number[] = []
  for (let round = 0; round <= ROUNDS; round++) {
    const ms = await timed(async () => {
      for (let seed = 0; seed < batch; seed++) {
        await runToEnd(await pipeline.start({ recipe: tinyRecipe('sd1', { steps: 20, seed }) }))
      }
    })
    if (round > 0) values.push(ms)
  }
  return values
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now()
  await work()
  return performance.now() - startedMs
}
