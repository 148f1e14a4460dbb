import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ModelFiles } from '#diffusion/runtime/runtime.ts'
import { tinyOnnx } from '#test/harness/tiny-onnx.ts'
import { openModelFolder } from '#worker/models/model-folder.ts'
import { createOnnxRuntime } from '#worker/runtime/onnx-runtime.ts'

const HALF_ONE = 0x3c00
const HALF_TWO = 0x4000

describe('ONNX Runtime on the CPU', () => {
  let folder: string
  const runtime = createOnnxRuntime({ provider: 'cpu', threads: 1 })
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dewpoint-onnx-'))
    const vector = (type: 'float32' | 'float16' | 'int64' | 'float64') => ({ type, dims: ['n', 2] })
    const graphs = {
      'add.onnx': tinyOnnx({
        op: 'Add',
        inputs: { a: vector('float32'), b: vector('float32') },
        output: vector('float32'),
      }),
      'half.onnx': tinyOnnx({
        op: 'Add',
        inputs: { a: vector('float16'), b: vector('float16') },
        output: vector('float16'),
      }),
      'long.onnx': tinyOnnx({ op: 'Add', inputs: { a: vector('int64'), b: vector('int64') }, output: vector('int64') }),
      'double.onnx': tinyOnnx({ op: 'Identity', inputs: { a: vector('float64') }, output: vector('float64') }),
      'product.onnx': tinyOnnx({
        op: 'MatMul',
        inputs: { a: vector('float32'), b: { type: 'float32', dims: [2, 2] } },
        output: vector('float32'),
      }),
      'broken.onnx': new Uint8Array([1, 2, 3]),
    }
    for (const [name, content] of Object.entries(graphs)) await writeFile(join(folder, name), content)
  })
  afterAll(() => rm(folder, { recursive: true }))
  const files = () => openModelFolder(folder)

  it('says what a graph takes and gives, symbolic dimensions by name', async () => {
    const session = await runtime.createSession(files(), 'add.onnx')
    expect(session.inputs).toEqual([
      { name: 'a', type: 'float32', dims: ['n', 2] },
      { name: 'b', type: 'float32', dims: ['n', 2] },
    ])
    expect(session.outputs).toEqual([{ name: 'y', type: 'float32', dims: ['n', 2] }])
    await session.dispose()
  })

  it('computes the same from a file and from bytes', async () => {
    const onlyBytes: ModelFiles = { has: files().has, readBytes: files().readBytes }
    for (const source of [files(), onlyBytes]) {
      const session = await runtime.createSession(source, 'add.onnx')
      const a = { type: 'float32', dims: [1, 2], data: new Float32Array([1, 2]) } as const
      expect(await session.run({ a, b: a })).toEqual({
        y: { type: 'float32', dims: [1, 2], data: new Float32Array([2, 4]) },
      })
      await session.dispose()
    }
  })

  it('carries float16 as bits and int64 as bigints', async () => {
    const half = await runtime.createSession(files(), 'half.onnx')
    const a = { type: 'float16', dims: [1, 2], data: new Uint16Array([HALF_ONE, HALF_ONE]) } as const
    expect(await half.run({ a, b: a })).toEqual({
      y: { type: 'float16', dims: [1, 2], data: new Uint16Array([HALF_TWO, HALF_TWO]) },
    })
    await half.dispose()
    const long = await runtime.createSession(files(), 'long.onnx')
    const b = { type: 'int64', dims: [1, 2], data: new BigInt64Array([2n ** 40n, 1n]) } as const
    expect(await long.run({ a: b, b })).toEqual({
      y: { type: 'int64', dims: [1, 2], data: new BigInt64Array([2n ** 41n, 2n]) },
    })
    await long.dispose()
  })

  it('refuses element types the core does not carry, naming the value', async () => {
    await expect(runtime.createSession(files(), 'double.onnx')).rejects.toThrow(
      /double.onnx: a has element type float64; known: float32/,
    )
  })

  it('names the graph in every failure and keeps the cause', async () => {
    await expect(runtime.createSession(files(), 'broken.onnx')).rejects.toThrow(/could not load broken.onnx on cpu/)
    const session = await runtime.createSession(files(), 'add.onnx')
    const wrong = { type: 'float32', dims: [1, 3], data: new Float32Array(3) } as const
    const failure = await session.run({ a: wrong, b: wrong }).catch((error: unknown) => error)
    expect(failure).toMatchObject({
      message: expect.stringContaining('failed to run add.onnx'),
      cause: expect.any(Error),
    })
    await session.dispose()
  })

  it('accepts a session that ran where it must, by its own profile', async () => {
    const before = await profiles()
    const strict = createOnnxRuntime({ provider: 'cpu', threads: 1, mustRunOn: 'CPUExecutionProvider' })
    const session = await strict.createSession(files(), 'product.onnx')
    const a = { type: 'float32', dims: [1, 2], data: new Float32Array([1, 2]) } as const
    const b = { type: 'float32', dims: [2, 2], data: new Float32Array([1, 0, 0, 1]) } as const
    await expect(session.run({ a, b })).resolves.toMatchObject({ y: { data: new Float32Array([1, 2]) } })
    await session.dispose()
    expect(await profiles()).toEqual(before)
  })

  it('refuses a session that ran elsewhere, which is what a silent fall-back to the CPU looks like', async () => {
    const before = await profiles()
    const strict = createOnnxRuntime({ provider: 'cpu', threads: 1, mustRunOn: 'CUDAExecutionProvider' })
    const session = await strict.createSession(files(), 'product.onnx')
    const a = { type: 'float32', dims: [1, 2], data: new Float32Array([1, 2]) } as const
    const b = { type: 'float32', dims: [2, 2], data: new Float32Array([1, 0, 0, 1]) } as const
    await expect(session.run({ a, b })).rejects.toThrow(
      /product.onnx has to run on CUDAExecutionProvider.*CPUExecutionProvider/,
    )
    await session.dispose()
    const unused = await strict.createSession(files(), 'product.onnx')
    await unused.dispose()
    expect(await profiles()).toEqual(before)
  })

  it('rejects CUDA where there is none', async () => {
    const cuda = createOnnxRuntime({ provider: 'cuda', threads: 1, mustRunOn: 'CUDAExecutionProvider' })
    await expect(cuda.createSession(files(), 'add.onnx')).rejects.toThrow(/could not load add.onnx on cuda/)
  })
})

/** Profiles not cleaned away. */
const profiles = async () => (await readdir(tmpdir())).filter((name) => name.startsWith('dewpoint-profile-')).sort()
