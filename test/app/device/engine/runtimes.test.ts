// The two runtimes around ORT, over a runtime that counts: the real graphs are in test/e2e/device-*.
import { describe, expect, it } from 'vitest'
import { DeviceError } from '#app/device/engine/device-error.ts'
import { cacheText } from '#app/device/engine/ort/cache-text.ts'
import { releaseIdle } from '#app/device/engine/ort/release-idle.ts'
import { toDeviceError } from '#app/device/engine/to-device-error.ts'
import { AbortedError, NonFiniteError, OutOfMemoryError, SessionError } from '#diffusion/errors.ts'
import type { ModelFiles, Runtime, Tensor } from '#diffusion/runtime/runtime.ts'

/** A runtime whose graphs answer with their input; `loaded` is what is in memory. */
function countingRuntime() {
  const loaded = new Set<string>()
  const calls: string[] = []
  const runtime: Runtime = {
    provider: 'wasm',
    async createSession(files, path) {
      await files.readBytes(path)
      loaded.add(path)
      calls.push(`load ${path}`)
      return {
        inputs: [{ name: 'x', type: 'int32', dims: ['n'] }],
        outputs: [{ name: 'y', type: 'int32', dims: ['n'] }],
        async run({ x }) {
          calls.push(`run ${path}`)
          if (x === undefined) throw new RangeError('x is missing')
          return { y: x }
        },
        dispose: async () => void loaded.delete(path),
      }
    },
  }
  return { runtime, loaded, calls }
}

const files = (sizes: Readonly<Record<string, number>>): ModelFiles => ({
  has: async (path) => path in sizes,
  readBytes: async (path) => new Uint8Array(sizes[path] ?? 0),
})
const tokens = (...ids: number[]): { x: Tensor } => ({
  x: { type: 'int32', dims: [ids.length], data: Int32Array.from(ids) },
})

describe('cacheText', () => {
  it('asks a text encoder once for the same tokens, and again for others', async () => {
    const { runtime, calls } = countingRuntime()
    const session = await cacheText(runtime).createSession(files({}), 'text_encoder/model.onnx')
    const first = await session.run(tokens(1, 2))
    expect(await session.run(tokens(1, 2))).toBe(first)
    await session.run(tokens(1, 3))
    expect(calls.filter((call) => call.startsWith('run'))).toHaveLength(2)
  })

  it('forgets the tokens that were not asked for longest', async () => {
    const { runtime, calls } = countingRuntime()
    const session = await cacheText(runtime).createSession(files({}), 'text_encoder/model.onnx')
    for (let id = 0; id < 33; id++) await session.run(tokens(id))
    await session.run(tokens(32))
    await session.run(tokens(0))
    expect(calls.filter((call) => call.startsWith('run'))).toHaveLength(34)
  })

  it('leaves every other graph alone', async () => {
    const { runtime, calls } = countingRuntime()
    const session = await cacheText(runtime).createSession(files({}), 'unet/model.onnx')
    await session.run(tokens(1))
    await session.run(tokens(1))
    expect(calls.filter((call) => call.startsWith('run'))).toHaveLength(2)
  })
})

describe('releaseIdle', () => {
  const sizes = { 'text_encoder/model.onnx': 40, 'unet/model.onnx': 80, 'vae_decoder/model.onnx': 30 }
  const load = async (budget: number) => {
    const counting = countingRuntime()
    const runtime = releaseIdle(counting.runtime, budget)
    const [text, unet, vae] = await Promise.all([
      runtime.createSession(files(sizes), 'text_encoder/model.onnx'),
      runtime.createSession(files(sizes), 'unet/model.onnx'),
      runtime.createSession(files(sizes), 'vae_decoder/model.onnx'),
    ])
    return { ...counting, text, unet, vae }
  }

  it('keeps a small model loaded whole', async () => {
    const { text, unet, vae, calls, loaded } = await load(150)
    for (const session of [text, unet, unet, vae, text]) await session.run(tokens(1))
    expect(calls.filter((call) => call.startsWith('load'))).toHaveLength(3)
    expect(loaded.size).toBe(3)
  })

  it('gives back graphs whose turn is over, and loads them again for the next picture', async () => {
    const { text, unet, vae, calls, loaded } = await load(100)
    await text.run(tokens(1))
    for (let step = 0; step < 5; step++) await unet.run(tokens(1))
    expect([...loaded]).toEqual(['unet/model.onnx'])
    await vae.run(tokens(1))
    expect(loaded.has('unet/model.onnx')).toBe(false)
    // No graph is loaded again while it is the one that runs.
    expect(calls.filter((call) => call === 'load unet/model.onnx').length).toBeLessThanOrEqual(2)
  })

  it('leaves nothing behind when everything is disposed of', async () => {
    const { text, unet, vae, loaded } = await load(60)
    await unet.run(tokens(1))
    for (const session of [text, unet, vae]) await session.dispose()
    expect([...loaded]).toEqual([])
  })
})

describe('toDeviceError', () => {
  it.each([
    [new AbortedError(), 'canceled'],
    [new OutOfMemoryError('unet'), 'out-of-memory'],
    [new SessionError('unet', { cause: new Error('SafeIntOnOverflow() Integer overflow') }), 'out-of-memory'],
    [new SessionError('unet', { cause: new Error('bad node') }), 'internal'],
    [new NonFiniteError('vae_decoder'), 'not-finite'],
    [new RangeError('Steps are 1 to 150'), 'recipe-refused'],
    ['thrown as a string', 'internal'],
  ])('%o is %s', (error, code) => {
    expect(toDeviceError(error).code).toBe(code)
  })

  it('finds what the core has wrapped', () => {
    const inner = new DeviceError('stored-file-corrupt', 'unet/model.onnx')
    expect(toDeviceError(new SessionError('unet', { cause: inner }))).toBe(inner)
  })

  it('keeps every cause’s words for the details', () => {
    const error = new SessionError('unet', { cause: new Error('bad node') })
    expect(toDeviceError(error).detail).toContain('bad node')
  })
})
