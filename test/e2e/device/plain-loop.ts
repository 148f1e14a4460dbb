// What the browser engine is measured against, and what it is made of: the loop ONNX Runtime's documentation shows (tensors made
// anew for each step, results on the CPU), and what WebGPU tensors and the buffer cache cost. Runs in a page, for test/bench/.
import * as ort from 'onnxruntime-web/webgpu'

const DIST = '/node_modules/onnxruntime-web/dist/'
/** Latent pixels a side, in turn. */
const SIDES = [8, 16, 24, 32]
/** ORT's number for errors only. */
const ERRORS_ONLY = 3

/** Seconds of each call of the U-Net, two rows as guidance needs, a stand-in for a sampler between. The first is left out. */
export async function plainLoop(unetUrl: string, threads: number, steps: number): Promise<number[]> {
  ort.env.wasm.wasmPaths = DIST
  ort.env.wasm.numThreads = threads
  const session = await ort.InferenceSession.create(unetUrl, {
    executionProviders: ['wasm'],
    logSeverityLevel: ERRORS_ONLY,
  })
  const feeds = shapes(session)
  const seconds: number[] = []
  let sample = feeds.sample
  for (let step = 0; step <= steps; step++) {
    const startedMs = performance.now()
    const { [session.outputNames[0] ?? '']: output } = await session.run({
      sample: new ort.Tensor('float32', sample.data.slice(), sample.dims),
      timestep: feeds.timestep(999 - step),
      encoder_hidden_states: new ort.Tensor('float32', feeds.hidden.data.slice(), feeds.hidden.dims),
    })
    const predicted = output?.data as Float32Array
    sample = { ...sample, data: sample.data.map((value, i) => value * 0.99 - 0.01 * (predicted[i] ?? 0)) }
    if (step > 0) seconds.push((performance.now() - startedMs) / 1000)
  }
  await session.release()
  return seconds
}

/** Exports count in whole steps or in fractions, in one number or one per row. */
function timestepOf(session: ort.InferenceSession, shape: readonly number[]) {
  const info = session.inputMetadata.find(({ name }) => name === 'timestep')
  const count = shape[0] ?? 1
  return (step: number) =>
    info?.isTensor === true && info.type === 'int64'
      ? new ort.Tensor('int64', new BigInt64Array(count).fill(BigInt(step)), shape)
      : new ort.Tensor('float32', new Float32Array(count).fill(step), shape)
}

function shapes(session: ort.InferenceSession, side = 16) {
  const dims = (name: string) => {
    const found = session.inputMetadata.find((info) => info.name === name)
    if (found?.isTensor !== true) throw new RangeError(`The U-Net has no input ${name}`)
    // Two rows of one window of text, and `side` latent pixels a side, where the graph leaves them open.
    const open: Record<string, number> = { 0: 2, 1: name === 'sample' ? 4 : 77, 2: side, 3: side }
    return found.shape.map((dim, i) => (typeof dim === 'number' && dim > 0 ? dim : (open[i] ?? 1)))
  }
  const filled = (shape: readonly number[]) => {
    const size = shape.reduce((product, dim) => product * dim, 1)
    return { dims: shape, data: Float32Array.from({ length: size }, (_, i) => Math.sin(i)) }
  }
  return {
    sample: filled(dims('sample')),
    hidden: filled(dims('encoder_hidden_states')),
    timestep: timestepOf(session, dims('timestep')),
  }
}

export interface GpuCosts {
  /** Milliseconds of one call whose only work is to pass `floats` values through. */
  readonly throughCpuMs: number[]
  readonly onGpuMs: number[]
}

/** A graph that adds two tensors, results read back at every call, or left on the graphics card and read once at the end. */
export async function transferCosts(addGraph: number[], floats: number, calls: number): Promise<GpuCosts> {
  ort.env.wasm.wasmPaths = DIST
  const create = (location: 'cpu' | 'gpu-buffer') =>
    ort.InferenceSession.create(Uint8Array.from(addGraph), {
      executionProviders: ['webgpu'],
      preferredOutputLocation: location,
      logSeverityLevel: ERRORS_ONLY,
    })
  const values = new Float32Array(floats).fill(0.5)
  const fresh = () => new ort.Tensor('float32', values.slice(), [floats / 2, 2])
  const timed = async (location: 'cpu' | 'gpu-buffer') => {
    const session = await create(location)
    const ms: number[] = []
    let last: ort.Tensor = fresh()
    for (let call = 0; call <= calls; call++) {
      const startedMs = performance.now()
      const { y } = await session.run({ a: location === 'cpu' ? fresh() : last, b: fresh() })
      if (y === undefined) throw new Error('The graph gave nothing')
      if (call > 0) last.dispose()
      last = y
      // What a scheduler of the core's, which computes in JavaScript, has to do anyway.
      await last.getData()
      if (call > 0) ms.push(performance.now() - startedMs)
    }
    last.dispose()
    await session.release()
    return ms
  }
  return { throughCpuMs: await timed('cpu'), onGpuMs: await timed('gpu-buffer') }
}

/** Bytes of WebGPU buffers alive after each call of a graph at several sizes in turn, and after its release: ORT's buckets keep what they were given. */
export async function bufferGrowth(unetUrl: string, calls: number): Promise<number[]> {
  ort.env.wasm.wasmPaths = DIST
  let alive = 0
  const { createBuffer } = GPUDevice.prototype
  const { destroy } = GPUBuffer.prototype
  GPUDevice.prototype.createBuffer = function (...given) {
    const buffer = createBuffer.apply(this, given)
    alive += buffer.size
    return buffer
  }
  GPUBuffer.prototype.destroy = function () {
    alive -= this.size
    return destroy.apply(this)
  }
  const session = await ort.InferenceSession.create(unetUrl, {
    executionProviders: [{ name: 'webgpu', preferredLayout: 'NCHW' }],
    logSeverityLevel: ERRORS_ONLY,
  })
  const bytes: number[] = []
  for (let call = 0; call < calls; call++) {
    const feeds = shapes(session, SIDES[call % SIDES.length])
    await session.run({
      sample: new ort.Tensor('float32', feeds.sample.data, feeds.sample.dims),
      timestep: feeds.timestep(999 - call),
      encoder_hidden_states: new ort.Tensor('float32', feeds.hidden.data, feeds.hidden.dims),
    })
    bytes.push(alive)
  }
  await session.release()
  return [...bytes, alive]
}
