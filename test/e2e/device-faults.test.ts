// What goes wrong around a model in the browser, each in a real Chromium: missing WebGPU, a lost device, no memory, no room, no file
// system, broken downloads, damaged files, other tabs, a closed tab, a new release. Each ends in a named error with words a person can
// act on, and in a way on that works.
import { readFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import type { Page } from 'playwright'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { DEVICE_ERRORS, type DeviceErrorCode } from '#app/device/engine/device-error.ts'
import type { ModelManifest } from '#contracts/model-manifest.ts'
import { useBrowsers } from '#test/harness/browser.ts'
import { type EngineServer, startEngineServer } from './device/engine-server.ts'
import { call, expectOk, generate, modelOf, openEngine, recipeOf, startEngine } from './device/run-in-page.ts'

const WEBGPU_ON_THE_CPU = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan']
const UNET = 'unet/model.onnx'
/** Long enough for a slow machine to answer, short enough to wait for. */
const STALL_MS = 2_000

let server: EngineServer
let model: ModelManifest
beforeAll(async () => {
  server = await startEngineServer()
  model = modelOf(server.models, 'sd1')
})
afterEach(() => {
  server.fault = undefined
  server.resetSent()
})
afterAll(() => server?.close())

const wordsOf = (code: DeviceErrorCode) => ({ failed: { code, message: DEVICE_ERRORS[code].message } })
const unetBytes = () => model.files[UNET]?.sizeBytes ?? 0

describe('on wasm', () => {
  const browsers = useBrowsers(() => server?.url ?? '')

  it('runs on the processor where there is no WebGPU, and says so where WebGPU is asked for', async () => {
    const page = await browsers.visitor()
    await openEngine(page)
    expect(expectOk(await call(page, 'assess', model))).toMatchObject({ kind: 'fits', provider: 'wasm', threads: 2 })
    expect(expectOk(await generate(page, model, recipeOf(model))).provider).toBe('wasm')

    await startEngine(page, { provider: 'webgpu' })
    expect(expectOk(await call(page, 'assess', model))).toEqual({
      kind: 'unfit',
      reason: 'This browser offers no graphics card to web pages (WebGPU).',
    })
    expect(await generate(page, model, recipeOf(model))).toMatchObject(wordsOf('unfit'))
  })

  it('refuses a graph too large for a browser before a byte of it is transferred', async () => {
    const page = await browsers.visitor()
    await openEngine(page)
    const unet = model.files[UNET] ?? { sha256: '', sizeBytes: 0 }
    const huge = { ...model, files: { ...model.files, [UNET]: { ...unet, sizeBytes: 3.4e9 } } }
    expect(expectOk(await call(page, 'assess', huge))).toEqual({
      kind: 'unfit',
      reason: 'The model’s unet has 3,400 MB; browsers run up to 1,300 MB.',
    })
    expect(await call(page, 'fetchWeights', huge)).toMatchObject(wordsOf('unfit'))
    expect(server.sent.requests).toEqual([])
  })

  it('stops within one call when it is canceled, and makes the next picture', async () => {
    const page = await browsers.visitor()
    await openEngine(page)
    const recipe = recipeOf(model, { steps: 50 })
    expect(await generate(page, model, recipe, { stopAfter: 3 })).toMatchObject(wordsOf('canceled'))
    expect(expectOk(await generate(page, model, recipeOf(model))).steps).toHaveLength(4)
  })

  it('names what the recipe breaks', async () => {
    const page = await browsers.visitor()
    await openEngine(page)
    const other = recipeOf(model, { model: { id: model.id, hash: 'f'.repeat(64) } })
    expect(await generate(page, model, other)).toMatchObject(wordsOf('recipe-refused'))
  })

  it.each([
    ['more than a process has', 1984],
    ['more than can be counted in 32 bits', 2048],
  ])('runs out of memory (%s) with a message, and makes a smaller picture afterwards', async (_what, side) => {
    const page = await browsers.visitor()
    await openEngine(page)
    const large = recipeOf(model, { width: side, height: side, steps: 1 })
    expect(await generate(page, model, large)).toMatchObject(wordsOf('out-of-memory'))
    expect(expectOk(await generate(page, model, recipeOf(model))).width).toBe(64)
  })

  it('says when the browser has no room, keeps what has arrived, and goes on once there is', async () => {
    const page = await browsers.visitor()
    await openEngine(page)
    const session = await page.context().newCDPSession(page)
    const origin = new URL(server.url).origin
    await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: Math.floor(unetBytes() / 2) })
    expect(await call(page, 'fetchWeights', model)).toMatchObject(wordsOf('quota-exceeded'))
    await session.send('Storage.overrideQuotaForOrigin', { origin })
    const [stored] = expectOk(await call(page, 'storedWeights'))
    expect(stored).toMatchObject({ modelId: 'sd1', complete: false })
    expectOk(await call(page, 'fetchWeights', model))
    expectOk(await generate(page, model, recipeOf(model)))
  })

  it('goes on by itself behind what arrived when the connection is cut', async () => {
    const page = await browsers.visitor()
    await openEngine(page)
    browsers.expectConsole(/Failed to load resource/)
    let cuts = 0
    server.fault = async (_request, response, path) => path === UNET && cuts++ === 0 && sendPart(response, 'cut')
    expectOk(await call(page, 'fetchWeights', model))
    const asked = server.sent.requests.filter(({ path }) => path === UNET).map(({ range }) => range)
    expect(asked).toEqual([undefined, `bytes=${Math.floor(unetBytes() / 2)}-`])
    expectOk(await generate(page, model, recipeOf(model)))
  })

  it('keeps what arrived when the connection stays cut, and resumes there when asked again', async () => {
    const page = await browsers.visitor()
    await openEngine(page)
    browsers.expectConsole(/Failed to load resource/)
    server.fault = async (request, response, path) => {
      if (path !== UNET) return false
      if (request.headers.range === undefined) return sendPart(response, 'cut')
      response.destroy()
      return true
    }
    expect(await call(page, 'fetchWeights', model)).toMatchObject(wordsOf('download-cut'))
    server.fault = undefined
    server.resetSent()
    expectOk(await call(page, 'fetchWeights', model))
    expect(server.sent.requests.find(({ path }) => path === UNET)?.range).toBe(`bytes=${Math.floor(unetBytes() / 2)}-`)
  })

  it('gives up a download that stands still, and resumes it', async () => {
    const page = await browsers.visitor()
    await openEngine(page, { stallTimeoutMs: STALL_MS })
    server.fault = async (request, response, path) =>
      path === UNET && sendPart(response, 'stall', request.headers.range !== undefined)
    expect(await call(page, 'fetchWeights', model)).toMatchObject(wordsOf('download-stalled'))
    server.fault = undefined
    expectOk(await call(page, 'fetchWeights', model))
    expectOk(await generate(page, model, recipeOf(model)))
  })

  it('throws away wrong bytes', async () => {
    const page = await browsers.visitor()
    await openEngine(page)
    server.fault = (_request, response, path) => path === UNET && sendWhole(response, Buffer.alloc(unetBytes(), 7))
    expect(await call(page, 'fetchWeights', model)).toMatchObject(wordsOf('download-wrong-bytes'))
    server.fault = undefined
    server.resetSent()
    expectOk(await call(page, 'fetchWeights', model))
    expect(server.sent.requests.find(({ path }) => path === UNET)).toEqual({ path: UNET, range: undefined })
  })

  it.each([
    ['says another length', -1, true],
    ['sends more than it says', 1, false],
  ])('throws away a file when the server %s', async (_what, difference, isSaid) => {
    const page = await browsers.visitor()
    await openEngine(page)
    server.fault = (_request, response, path) => {
      const bytes = Buffer.alloc(unetBytes() + difference, 7)
      return path === UNET && sendWhole(response, bytes, isSaid)
    }
    expect(await call(page, 'fetchWeights', model)).toMatchObject(wordsOf('download-wrong-length'))
    server.fault = undefined
    expectOk(await call(page, 'fetchWeights', model))
  })

  it('starts a file over that the server cannot continue (416)', async () => {
    const page = await browsers.visitor()
    await openEngine(page)
    browsers.expectConsole(/416|Failed to load resource/)
    server.fault = async (request, response, path) => {
      if (path !== UNET) return false
      if (request.headers.range === undefined) return sendPart(response, 'cut')
      response.writeHead(416, { 'content-range': `bytes */${unetBytes()}` }).end()
      return true
    }
    // Cut, refused, started over and cut again: three attempts, then it says so.
    expect(await call(page, 'fetchWeights', model)).toMatchObject(wordsOf('download-cut'))
    server.fault = (request, response, path) => {
      if (path !== UNET || request.headers.range === undefined) return false
      response.writeHead(416, { 'content-range': `bytes */${unetBytes()}` }).end()
      return true
    }
    expectOk(await call(page, 'fetchWeights', model))
    expectOk(await generate(page, model, recipeOf(model)))
  })

  it('finds a damaged stored file before it is used, and mends it', async () => {
    const page = await browsers.visitor()
    await openEngine(page)
    expectOk(await call(page, 'fetchWeights', model))
    await damage(page, model.files[UNET]?.sha256 ?? '')
    expect(await generate(page, model, recipeOf(model))).toMatchObject(wordsOf('stored-file-corrupt'))
    server.resetSent()
    expectOk(await generate(page, model, recipeOf(model)))
    expect(server.sent.requests).toEqual([{ path: UNET, range: undefined }])
  })

  it('downloads once for two tabs, and both show the progress', async () => {
    const first = await browsers.visitor()
    const second = await first.context().newPage()
    await openEngine(first)
    await openEngine(second)
    const progress = (page: Page) =>
      page.evaluate(async (manifest) => {
        const { engine } = window as unknown as { engine: import('#app/device/engine/device-engine.ts').DeviceEngine }
        const seen: number[] = []
        await engine.fetchWeights(manifest, { onProgress: (done) => seen.push(done) })
        return seen
      }, model)
    const seen = await Promise.all([progress(first), progress(second)])
    const total = expectOk(await call(first, 'assess', model))
    if (total.kind !== 'fits') throw new Error(total.reason)
    for (const values of seen) expect(values.at(-1)).toBe(total.totalBytes)
    const paths = server.sent.requests.map(({ path }) => path)
    expect(paths).toEqual([...new Set(paths)])
    // Both make pictures at once, from the same files.
    const made = await Promise.all([first, second].map((page) => generate(page, model, recipeOf(model))))
    expect(new Set(made.map((answer) => expectOk(answer).rgb)).size).toBe(1)
  })

  it('goes on where a closed tab was, in the download and with the stored weights', async () => {
    const first = await browsers.visitor()
    await openEngine(first, { stallTimeoutMs: 60_000 })
    const half = Math.floor(unetBytes() / 2)
    server.fault = async (_request, response, path) => path === UNET && sendPart(response, 'stall')
    const cut = call(first, 'fetchWeights', model).catch(() => undefined)
    await expect.poll(() => storedBytes(first, model.files[UNET]?.sha256 ?? '')).toBe(half)
    const second = await first.context().newPage()
    await first.close()
    await cut
    server.fault = undefined
    server.resetSent()
    await openEngine(second)
    expectOk(await call(second, 'fetchWeights', model))
    expect(server.sent.requests.find(({ path }) => path === UNET)?.range).toBe(`bytes=${half}-`)

    server.resetSent()
    const third = await second.context().newPage()
    await openEngine(third)
    const running = generate(second, model, recipeOf(model, { steps: 150 })).catch(() => undefined)
    await second.waitForTimeout(300)
    await second.close()
    await running
    expectOk(await generate(third, model, recipeOf(model)))
    expect(server.sent.weightBytes).toBe(0)
  })

  it('after a new release transfers only what changed, and lists and removes the old weights', async () => {
    const page = await browsers.visitor()
    await openEngine(page)
    expectOk(await call(page, 'fetchWeights', model))
    // An older release as this browser would have met it: one file differs, and the server has it no more.
    const vae = 'vae_decoder/model.onnx'
    const old: ModelManifest = {
      ...model,
      hash: 'e'.repeat(64),
      files: { ...model.files, [vae]: { sha256: 'd'.repeat(64), sizeBytes: 1000 } },
    }
    browsers.expectConsole(/404/)
    expect(await call(page, 'fetchWeights', old)).toMatchObject(wordsOf('download-refused'))
    expect(expectOk(await call(page, 'assess', old))).toMatchObject({ downloadBytes: 1000 })
    const listed = expectOk(await call(page, 'storedWeights'))
    expect(listed.map(({ modelHash, complete }) => ({ modelHash, complete }))).toEqual([
      { modelHash: old.hash, complete: false },
      { modelHash: model.hash, complete: true },
    ])

    expectOk(await call(page, 'evict', old.hash))
    server.resetSent()
    expectOk(await generate(page, model, recipeOf(model)))
    expect(server.sent.weightBytes).toBe(0)
    expectOk(await call(page, 'evict', 'sd1'))
    expect(expectOk(await call(page, 'storedWeights'))).toEqual([])
    expect(await storedBytes(page, model.files[UNET]?.sha256 ?? '')).toBe(0)
  })
})

describe('in a window that keeps no files', () => {
  // What private windows of some browsers are like: the method is missing, or throws.
  const browsers = useBrowsers(() => server?.url ?? '', ['--disable-blink-features=FileSystemAccessOriginPrivate'])

  it('runs from memory, and says that the next visit downloads again', async () => {
    const page = await browsers.visitor()
    await openEngine(page)
    expect(await page.evaluate(() => 'getDirectory' in navigator.storage)).toBe(false)
    expect(expectOk(await call(page, 'assess', model))).toMatchObject({ kind: 'fits', keepsWeights: false })
    expectOk(await generate(page, model, recipeOf(model)))
    expect(expectOk(await call(page, 'assess', model))).toMatchObject({ downloadBytes: 0 })
    expectOk(await call(page, 'evict', 'sd1'))
    expect(expectOk(await call(page, 'assess', model))).not.toMatchObject({ downloadBytes: 0 })
  })
})

describe('on WebGPU', () => {
  const browsers = useBrowsers(() => server?.url ?? '', WEBGPU_ON_THE_CPU)

  it('takes float32 where the adapter has no shader-f16, though the model offers fp16', async () => {
    const page = await browsers.visitor()
    await openEngine(page, { provider: 'webgpu' })
    expect(await page.evaluate(async () => (await navigator.gpu.requestAdapter())?.features.has('shader-f16'))).toBe(
      false,
    )
    expect(expectOk(await call(page, 'assess', model))).toMatchObject({ provider: 'webgpu', variant: '' })
    expect(expectOk(await generate(page, model, recipeOf(model)))).toMatchObject({ provider: 'webgpu', variant: '' })
  })

  it('prefers the processor to a graphics card that is the processor', async () => {
    const page = await browsers.visitor()
    await openEngine(page)
    expect(expectOk(await call(page, 'assess', model))).toMatchObject({ provider: 'wasm' })
  })

  it('says which tensor is too large for the graphics card before it is transferred', async () => {
    const page = await browsers.visitor()
    await openEngine(page, { provider: 'webgpu' })
    const large = { ...model, largestTensorBytes: { [UNET]: 4e9 } }
    expect(expectOk(await call(page, 'assess', large))).toEqual({
      kind: 'unfit',
      reason: expect.stringMatching(/^sd1 needs 4,000 MB in one piece; this graphics card gives pages [\d,]+ MB\.$/),
    })
  })

  it('ends a picture when the device is lost in the middle of a step, and makes the next one', async () => {
    const page = await browsers.visitor()
    await openEngine(page, { provider: 'webgpu' })
    expectOk(await call(page, 'fetchWeights', model))
    const [worker] = page.workers()
    if (worker === undefined) throw new Error('The engine has no worker')
    await worker.evaluate(() => {
      const request = GPUAdapter.prototype.requestDevice
      GPUAdapter.prototype.requestDevice = async function (...given) {
        const device = await request.apply(this, given)
        Object.assign(globalThis, { lose: () => device.destroy() })
        return device
      }
    })
    const lost = generate(page, model, recipeOf(model, { steps: 50 }))
    await page.waitForFunction(() => 'stepsSeen' in window)
    await worker.evaluate(() => (globalThis as unknown as { lose: () => void }).lose())
    expect(await lost).toMatchObject(wordsOf('device-lost'))
    expect(expectOk(await generate(page, model, recipeOf(model))).steps).toHaveLength(4)
  })
})

/** The first half of the U-Net, and then nothing: the connection ends, or stays open in silence. */
async function sendPart(response: ServerResponse, then: 'cut' | 'stall', nothing = false): Promise<true> {
  const bytes = await readFile(join('test/golden/models/sd1', UNET))
  response.writeHead(nothing ? 206 : 200, {
    'content-length': nothing ? unetBytes() - Math.floor(unetBytes() / 2) : unetBytes(),
    ...(nothing ? { 'content-range': `bytes ${Math.floor(unetBytes() / 2)}-${unetBytes() - 1}/${unetBytes()}` } : {}),
  })
  if (nothing) {
    response.flushHeaders()
    return true
  }
  response.write(bytes.subarray(0, Math.floor(unetBytes() / 2)), () => {
    // The bytes are on their way; the end comes behind them.
    if (then === 'cut') setTimeout(() => response.destroy(), 200)
  })
  return true
}

function sendWhole(response: ServerResponse, bytes: Buffer, isLengthSaid = true): true {
  response.writeHead(200, isLengthSaid ? { 'content-length': bytes.length } : {}).end(bytes)
  return true
}

async function damage(page: Page, sha256: string): Promise<void> {
  await page.evaluate(async (name) => {
    const root = await navigator.storage.getDirectory()
    const folder = await (await root.getDirectoryHandle('dewpoint')).getDirectoryHandle('weights')
    const stream = await (await folder.getFileHandle(name)).createWritable({ keepExistingData: true })
    await stream.write({ type: 'write', position: 1000, data: new Uint8Array(16).fill(255) })
    await stream.close()
  }, sha256)
}

function storedBytes(page: Page, sha256: string): Promise<number> {
  return page.evaluate(async (name) => {
    const root = await navigator.storage.getDirectory()
    const folder = await (await root.getDirectoryHandle('dewpoint')).getDirectoryHandle('weights')
    const handle = await folder.getFileHandle(name).catch(() => null)
    return (await handle?.getFile())?.size ?? 0
  }, sha256)
}
