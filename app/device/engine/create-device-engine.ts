// The page's end of the browser engine: calls go to the Web Worker, steps and pictures come back. Imported lazily, so that the
// Studio's first load carries none of it.
import type { ModelManifest } from '#contracts/model-manifest.ts'
import type { DeviceEngine, DeviceProvider } from './device-engine.ts'
import { DeviceError } from './device-error.ts'
import { ENGINE_FILES } from './generated/engine-files.ts'
import type { CallEvent, CallName, EngineCalls, FromEngine, ToEngine } from './messages.ts'

export interface DeviceEngineOptions {
  /** Only this one; absent: WebGPU on a real graphics card, else wasm. */
  readonly provider?: DeviceProvider | undefined
  /** A download without a byte for so long is given up, and tried again. Networks change within seconds, proxies time out at 60. */
  readonly stallTimeoutMs?: number | undefined
}

const STALL_TIMEOUT_MS = 20_000

interface Pending {
  readonly onEvent: (event: CallEvent) => void
  readonly resolve: (result: EngineCalls[CallName]['result']) => void
  readonly reject: (error: DeviceError) => void
}

interface RunningWorker {
  readonly worker: Worker
  readonly pending: Map<number, Pending>
}

export function createDeviceEngine(options: DeviceEngineOptions = {}): DeviceEngine {
  let running: RunningWorker | undefined
  let nextKey = 1

  /** Ends the worker; what was under way fails so. The next call starts another. */
  const stop = (error: DeviceError) => {
    running?.worker.terminate()
    const pending = [...(running?.pending.values() ?? [])]
    running = undefined
    for (const { reject } of pending) reject(error)
  }
  const start = (): RunningWorker => {
    if (running !== undefined) return running
    const worker = new Worker(ENGINE_FILES.worker, { type: 'module', name: 'dewpoint-engine' })
    const started: RunningWorker = { worker, pending: new Map() }
    worker.onmessage = ({ data }: MessageEvent<FromEngine>) => {
      if (running === started) receive(started, data)
    }
    worker.onerror = (event) => {
      event.preventDefault()
      // A worker that could not be fetched says nothing; one that broke says where.
      const code = event.message ? 'engine-stopped' : 'engine-files-missing'
      if (running === started) stop(new DeviceError(code, event.message || ENGINE_FILES.worker))
    }
    post(worker, {
      type: 'start',
      settings: {
        ortUrl: new URL(ENGINE_FILES.ort, globalThis.location.href).href,
        provider: options.provider,
        stallTimeoutMs: options.stallTimeoutMs ?? STALL_TIMEOUT_MS,
      },
    })
    running = started
    return started
  }
  const receive = ({ pending }: RunningWorker, message: FromEngine) => {
    const call = pending.get(message.key)
    if (message.type === 'event') return call?.onEvent(message.event)
    pending.delete(message.key)
    if (message.type === 'done') return call?.resolve(message.result)
    const error = new DeviceError(message.code, message.detail)
    call?.reject(error)
    if (message.fatal) stop(new DeviceError('engine-stopped', `Another call ended the engine: ${error.code}`))
  }
  const call = <Name extends CallName>(
    name: Name,
    args: EngineCalls[Name]['args'],
    { signal, onEvent = () => undefined }: { signal?: AbortSignal | undefined; onEvent?: Pending['onEvent'] } = {},
  ): Promise<EngineCalls[Name]['result']> => {
    if (signal?.aborted) return Promise.reject(new DeviceError('canceled'))
    const { worker, pending } = start()
    const key = nextKey++
    const { promise, resolve, reject } = Promise.withResolvers<EngineCalls[Name]['result']>()
    // The worker answers each key with its own call's result; the map cannot say so.
    pending.set(key, { onEvent, resolve: resolve as Pending['resolve'], reject })
    const abort = () => post(worker, { type: 'abort', key })
    signal?.addEventListener('abort', abort, { once: true })
    post(worker, { type: 'call', key, call: { name, args } as Extract<ToEngine, { type: 'call' }>['call'] })
    return promise.finally(() => signal?.removeEventListener('abort', abort))
  }

  return {
    assess: (model) => call('assess', { model }),
    fetchWeights: (model, { onProgress, signal } = {}) =>
      call('fetchWeights', { model }, { signal, onEvent: bytesTo(onProgress) }),
    storedEstimate: (model) => call('storedEstimate', { model }),
    measure: (model: ModelManifest, { signal } = {}) => call('measure', { model }, { signal }),
    generate: ({ model, recipe, input, mask, onStep, signal }) =>
      call(
        'generate',
        { model, recipe, input, mask },
        {
          signal,
          onEvent: (event) => {
            if (event.type === 'step') onStep?.(event.step)
          },
        },
      ),
    storedWeights: () => call('storedWeights', {}),
    evict: (modelIdOrHash) => call('evict', { modelIdOrHash }),
    dispose: () => stop(new DeviceError('canceled', 'The engine was disposed')),
  }
}

const post = (worker: Worker, message: ToEngine) => worker.postMessage(message)

function bytesTo(onProgress: ((doneBytes: number, totalBytes: number) => void) | undefined): Pending['onEvent'] {
  return (event) => {
    if (event.type === 'bytes') onProgress?.(event.doneBytes, event.totalBytes)
  }
}
