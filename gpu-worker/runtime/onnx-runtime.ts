// The core's Runtime over onnxruntime-node. `run` and `create` block the thread that calls them, so the worker
// keeps this inside its engine thread (../engine/); nothing here starts a thread of its own.
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'
import type { ExecutionProvider } from '#contracts/worker-protocol.ts'
import { toTensor, toValueInfo } from '#diffusion/runtime/onnx-values.ts'
import type { ModelFiles, Runtime, Session, Tensor } from '#diffusion/runtime/runtime.ts'
import { hasPaths } from '../models/model-folder.ts'
import { profileFirstRun } from './first-run-profile.ts'

export interface OnnxRuntimeOptions {
  readonly provider: ExecutionProvider
  /** CPU threads inside one operator; 0 lets ORT take one per physical core. */
  readonly threads: number
  /**
   * ORT's name of the provider that has to run each graph. Given, every session's first run is profiled and refused
   * when it ran elsewhere: asking ORT for CUDA is a wish, and it falls back to the CPU without a word.
   */
  readonly mustRunOn?: 'CPUExecutionProvider' | 'CUDAExecutionProvider'
}

/** A Runtime on one device. Rejects where the provider is not there; it never picks another. */
export function createOnnxRuntime(options: OnnxRuntimeOptions): Runtime {
  return {
    provider: options.provider,
    async createSession(files, path) {
      const profile = options.mustRunOn === undefined ? undefined : await profileFirstRun(options.mustRunOn)
      const session = await load(files, path, {
        executionProviders: [options.provider],
        intraOpNumThreads: options.threads,
        // Spinning threads keep both cores busy between steps; without it pages served by the same machine stay fast.
        extra: { session: { intra_op: { allow_spinning: '0' } } },
        // Warnings of a healthy graph are noise on a worker's log; errors stay.
        logSeverityLevel: 3,
        ...profile?.sessionOptions,
      })
      return wrap(session, path, profile)
    },
  }
}

/** From the file where there is one: ORT then reads external weight files beside it and copies nothing through the JS heap. */
async function load(files: ModelFiles, path: string, options: InferenceSession.SessionOptions) {
  const source = hasPaths(files) ? files.pathOf(path) : await readInto(files, path, options)
  try {
    // The overloads for a path and for bytes do not take either.
    return typeof source === 'string'
      ? await InferenceSession.create(source, options)
      : await InferenceSession.create(source.bytes, source.options)
  } catch (cause) {
    throw new Error(
      `ONNX Runtime could not load ${path} on ${String(options.executionProviders?.[0])}: ${text(cause)}`,
      {
        cause,
      },
    )
  }
}

async function readInto(files: ModelFiles, path: string, options: InferenceSession.SessionOptions) {
  const bytes = await files.readBytes(path)
  const external = files.takeExternalData?.(path) ?? []
  return { bytes, options: { ...options, ...(external.length > 0 && { externalData: [...external] }) } }
}

function wrap(
  session: InferenceSession,
  path: string,
  profile: Awaited<ReturnType<typeof profileFirstRun>> | undefined,
): Session {
  let unverified = profile
  return {
    inputs: session.inputMetadata.map((value) => toValueInfo(value, path)),
    outputs: session.outputMetadata.map((value) => toValueInfo(value, path)),
    async run(feeds) {
      const outputs = await runGraph(session, path, feeds)
      if (unverified !== undefined) {
        const verify = unverified
        unverified = undefined
        await verify.check(session, path)
      }
      return outputs
    },
    async dispose() {
      await unverified?.discard(session)
      await session.release()
    },
  }
}

async function runGraph(session: InferenceSession, path: string, feeds: Readonly<Record<string, Tensor>>) {
  const ortFeeds = Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, toOrt(tensor)]))
  try {
    const outputs = await session.run(ortFeeds)
    return Object.fromEntries(
      Object.entries(outputs).map(([name, value]) => [name, toTensor(value, `${path}: ${name}`)]),
    )
  } catch (cause) {
    throw new Error(`ONNX Runtime failed to run ${path}: ${text(cause)}`, { cause })
  }
}

function toOrt(tensor: Tensor): OrtTensor {
  switch (tensor.type) {
    case 'float32':
      return new OrtTensor('float32', tensor.data, tensor.dims)
    case 'float16':
      return halfTensor(tensor.data, tensor.dims)
    case 'int64':
      return new OrtTensor('int64', tensor.data, tensor.dims)
    case 'int32':
      return new OrtTensor('int32', tensor.data, tensor.dims)
    case 'bool':
      return new OrtTensor('bool', tensor.data, tensor.dims)
    default:
      return tensor satisfies never
  }
}

/**
 * Where the JS engine has Float16Array (Node 24), onnxruntime-common turns raw bits into one, and the binding of 1.30 reads that
 * as empty ("not enough space: expected 1024, got 0"). It still reads raw bits, so they are put back.
 */
function halfTensor(bits: Uint16Array, dims: readonly number[]): OrtTensor {
  return Object.defineProperty(new OrtTensor('float16', bits, dims), 'data', { value: bits })
}

const text = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause))
