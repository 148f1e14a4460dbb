// The browser engine and the pages, in a real Chromium: what the engine adds to the model's graphs, what a second visit costs, threads
// against one, the loop of ORT's documentation on the same U-Net, and how fast Studio and share page are there.
// Options: --only engine|visit|threads|plain|webgpu|pages.
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright'
import type { ModelManifest } from '#contracts/model-manifest.ts'
import { type EngineServer, ISOLATED, startEngineServer } from '#test/e2e/device/engine-server.ts'
import type * as device from '#test/e2e/device/page.ts'
import { call, expectOk, generate, modelOf, openEngine, recipeOf } from '#test/e2e/device/run-in-page.ts'
import { chromiumOptions } from '#test/harness/browser.ts'
import { tinyOnnx } from '#test/harness/tiny-onnx.ts'
import { measurePages } from './browser-pages.ts'
import { type Benchmark, median, type Row, row } from './measure.ts'

const WEBGPU_ON_THE_CPU = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan']
const MODEL = 'dewpoint'
const UNET = 'unet/model.onnx'
const STEPS = 10
const ROUNDS = 5
/** Latents of SD 1 at 512 px, both halves of a guided call. */
const LATENT_FLOATS = 2 * 4 * 64 * 64

type Device = { device: typeof device }
interface Bench {
  readonly server: EngineServer
  readonly model: ModelManifest
  readonly unetUrl: string
  /** A visitor with a profile of their own. */
  open(options?: BrowserContextOptions): Promise<Page>
}

const PARTS: Record<string, (bench: Bench) => Promise<Row[]>> = { engine, visit, threads, plain, webgpu }

const browserBench: Benchmark = async (options) => {
  const only = options.includes('--only') ? options[options.indexOf('--only') + 1] : undefined
  const rows: Row[] = []
  const parts = Object.entries(PARTS).filter(([name]) => only === undefined || only === name)
  const browser = await chromium.launch(await chromiumOptions(WEBGPU_ON_THE_CPU))
  try {
    if (parts.length > 0) rows.push(...(await withServer(browser, ISOLATED, parts)))
    if (only === undefined || only === 'pages') rows.push(...(await measurePages(browser)))
  } finally {
    await browser.close()
  }
  return rows
}
export default browserBench

async function withServer(
  browser: Browser,
  headers: Readonly<Record<string, string>>,
  parts: [string, (bench: Bench) => Promise<Row[]>][],
): Promise<Row[]> {
  const server = await startEngineServer(headers)
  const rows: Row[] = []
  try {
    const model = modelOf(server.models, MODEL)
    for (const [, part] of parts) {
      const pages: Page[] = []
      const open = async (options: BrowserContextOptions = {}) => {
        const page = await (await browser.newContext({ baseURL: server.url, ...options })).newPage()
        pages.push(page)
        return page
      }
      rows.push(...(await part({ server, model, unetUrl: `/api/models/${MODEL}/${UNET}`, open })))
      for (const page of pages) await page.context().close()
    }
  } finally {
    await server.close()
  }
  return rows
}

/** Whole pictures, warm: the part outside the graphs, and what the page itself was kept from doing meanwhile. */
async function engine({ model, open }: Bench): Promise<Row[]> {
  const page = await open()
  await openEngine(page, { provider: 'wasm' })
  const make = async () => expectOk(await generate(page, model, recipeOf(model, { steps: STEPS })))
  await make()
  await watchLongTasks(page)
  const ratios: number[] = []
  const whole: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const { timing } = await make()
    whole.push(timing.wholeMs / 1000)
    ratios.push((timing.wholeMs / timing.graphsMs - 1) * 100)
  }
  const tasks = await longTasks(page)
  return [
    row({ what: `${MODEL}, ${STEPS} steps, prompt to PNG, wasm`, values: whole, unit: 's' }),
    row({ what: 'outside session.run, of the time inside', values: ratios, unit: '%', atMost: 3 }),
    row({ what: 'longest task of the page while generating', values: [Math.max(0, ...tasks)], unit: 'ms', atMost: 50 }),
  ]
}

/** The same person comes back: everything is here but the memory. */
async function visit({ server, model, open }: Bench): Promise<Row[]> {
  const page = await open()
  await openEngine(page, { provider: 'wasm' })
  expectOk(await generate(page, model, recipeOf(model, { steps: 2 })))
  const firstStep: number[] = []
  server.resetSent()
  for (let round = 0; round < ROUNDS; round++) {
    await openEngine(page, { provider: 'wasm' })
    const askedAtMs = await page.evaluate(() => performance.now())
    const { steps } = expectOk(await generate(page, model, recipeOf(model, { steps: 2 })))
    firstStep.push(((steps[0]?.atMs ?? Number.NaN) - askedAtMs) / 1000)
  }
  return [
    row({ what: 'second visit, weight bytes transferred', values: [server.sent.weightBytes], unit: 'B', atMost: 0 }),
    row({ what: 'second visit, asked to first step done', values: firstStep, unit: 's', atMost: 2 }),
  ]
}

/** The page isolated, with threads, and not, with one. */
async function threads({ model, open }: Bench): Promise<Row[]> {
  const single = await startEngineServer({})
  try {
    const isolated = await open()
    const alone = await open({ baseURL: single.url })
    const many: number[] = []
    const one: number[] = []
    for (const page of [isolated, alone]) await openEngine(page, { provider: 'wasm' })
    // In turn, so that a machine that gets busier slows both.
    for (let round = 0; round < ROUNDS; round++) {
      many.push(expectOk(await call(isolated, 'measure', model)).secondsPerStep)
      one.push(expectOk(await call(alone, 'measure', model)).secondsPerStep)
    }
    const processors = await isolated.evaluate(() => navigator.hardwareConcurrency)
    return [
      row({ what: `a step, isolated page, ${processors} threads`, values: many, unit: 's' }),
      row({ what: 'a step, page without isolation, 1 thread', values: one, unit: 's' }),
      row({ what: 'threads / one', values: [median(many) / median(one)], unit: 'x', atMost: 0.75 }),
    ]
  } finally {
    await single.close()
  }
}

async function plain({ model, unetUrl, open }: Bench): Promise<Row[]> {
  const page = await open()
  await openEngine(page, { provider: 'wasm' })
  const threadsHere = await page.evaluate(() => navigator.hardwareConcurrency)
  const ours: number[] = []
  const theirs: number[] = []
  // In turn, so that a machine that gets busier slows both.
  for (let round = 0; round < ROUNDS; round++) {
    const { steps } = expectOk(await generate(page, model, recipeOf(model, { steps: STEPS })))
    ours.push(...steps.slice(1).map(({ atMs }, i) => (atMs - (steps[i]?.atMs ?? atMs)) / 1000))
    const loop = await page.evaluate((args) => (window as unknown as Device).device.plainLoop(...args), [
      unetUrl,
      threadsHere,
      STEPS - 1,
    ] as const)
    theirs.push(...loop)
  }
  return [
    row({ what: 'a guided step of ours', values: ours, unit: 's' }),
    row({ what: 'a guided step of ORT’s documented loop, same U-Net and threads', values: theirs, unit: 's' }),
    row({ what: 'ours / plain loop', values: [median(ours) / median(theirs)], unit: 'x', atMost: 1.03 }),
  ]
}

/** What keeping latents on the graphics card would save, and what ORT keeps there. Tiny SD 1: SwiftShader computes it in seconds. */
async function webgpu({ open }: Bench): Promise<Row[]> {
  const page = await open()
  await openEngine(page, { provider: 'webgpu' })
  const vector = { type: 'float32', dims: ['n', 2] } as const
  const add = [...tinyOnnx({ op: 'Add', inputs: { a: vector, b: vector }, output: vector })]
  const costs = await page.evaluate((args) => (window as unknown as Device).device.transferCosts(...args), [
    add,
    LATENT_FLOATS,
    20,
  ] as const)
  const growth = await page.evaluate((args) => (window as unknown as Device).device.bufferGrowth(...args), [
    '/api/models/sd1/unet/model.onnx',
    30,
  ] as const)
  // Four sizes in turn: what the first round needed, and what 7 more of them add.
  const [first = 0, , , fourth = 0] = growth
  const megabytes = (bytes: number) => bytes / 1e6
  return [
    row({ what: 'SD 1 latents through a graph, results to the CPU', values: costs.throughCpuMs, unit: 'ms' }),
    row({ what: 'the same, results on the GPU and read by the sampler', values: costs.onGpuMs, unit: 'ms' }),
    row({ what: 'WebGPU buffers after call 1, tiny SD 1', values: [megabytes(first)], unit: 'MB' }),
    row({ what: 'after one call of each of four sizes', values: [megabytes(fourth)], unit: 'MB' }),
    row({
      what: 'growth over 28 more calls of these sizes',
      values: [megabytes((growth.at(-2) ?? 0) - fourth)],
      unit: 'MB',
      atMost: 1,
    }),
    row({ what: 'left when the session is released', values: [megabytes(growth.at(-1) ?? 0)], unit: 'MB' }),
  ]
}

async function watchLongTasks(page: Page): Promise<void> {
  await page.evaluate(() => {
    const seen: number[] = []
    Object.assign(window, { longTasks: seen })
    new PerformanceObserver((list) => seen.push(...list.getEntries().map(({ duration }) => duration))).observe({
      type: 'longtask',
    })
  })
}

const longTasks = (page: Page) => page.evaluate(() => (window as unknown as { longTasks: number[] }).longTasks)
