// The engine as the main thread sees it: hand over a recipe, hear of its steps, get a picture. The work is in engine-thread.ts.
import { Worker } from 'node:worker_threads'
import type { Recipe } from '#contracts/recipe.ts'
import { AbortedError } from '#diffusion/errors.ts'
import type { RgbImage } from '#diffusion/images/rgb-image.ts'
import type { StepReport } from '#diffusion/pipelines/run.ts'
import type { Picture } from '../picture/encode-picture.ts'
import type { EngineSettings, FromEngine, ModelRef, ToEngine } from './messages.ts'

export interface EngineRequest {
  readonly recipe: Recipe
  readonly input?: RgbImage | undefined
  readonly signal: AbortSignal
  readonly onStep: (report: StepReport, preview: RgbImage) => void
}

/** A run that failed in the engine. */
export class EngineError extends Error {
  override readonly name = 'EngineError'
  /** Whether another worker, or this one later, may succeed with the same recipe. */
  readonly retryable: boolean
  constructor(reason: string, retryable: boolean) {
    super(reason)
    this.retryable = retryable
  }
}

export interface EngineHandle {
  readonly models: readonly ModelRef[]
  /** Rejects with an AbortedError after `signal`, with an EngineError when the run fails. */
  generate(request: EngineRequest): Promise<Picture>
  /** Milliseconds since the engine last reported anything while it had work; 0 when idle. */
  silentForMs(nowMs: number): number
  /** Rejects when the thread dies; never resolves. */
  readonly died: Promise<never>
  close(): Promise<void>
}

interface Pending extends EngineRequest {
  readonly resolve: (picture: Picture) => void
  readonly reject: (error: Error) => void
  readonly onAbort: () => void
}

/** Starts the thread and waits until every model is verified, loaded and has made a picture. */
export async function startEngine(settings: EngineSettings): Promise<EngineHandle> {
  const thread = new Worker(new URL('./engine-thread.ts', import.meta.url), { workerData: settings, name: 'engine' })
  const died = Promise.withResolvers<never>()
  died.promise.catch(() => undefined)
  const ready = Promise.withResolvers<readonly ModelRef[]>()
  const pending = new Map<number, Pending>()
  let lastHeardMs = Date.now()
  let nextKey = 1
  let closing = false

  const send = (message: ToEngine) => thread.postMessage(message)
  const settle = (key: number, how: (request: Pending) => void) => {
    const request = pending.get(key)
    if (request === undefined) return
    pending.delete(key)
    request.signal.removeEventListener('abort', request.onAbort)
    how(request)
  }
  const fail = (error: Error) => {
    died.reject(error)
    ready.reject(error)
    for (const key of [...pending.keys()]) settle(key, ({ reject }) => reject(new EngineError(error.message, true)))
  }
  thread.on('error', (error) => fail(error instanceof Error ? error : new Error(String(error))))
  thread.on('exit', (code) => {
    if (!closing) fail(new Error(`The engine thread ended with code ${code}`))
  })
  thread.on('message', (message: FromEngine) => {
    lastHeardMs = Date.now()
    switch (message.type) {
      case 'ready':
        return ready.resolve(message.models)
      case 'loading':
        return
      case 'step':
        return pending.get(message.key)?.onStep(message.report, message.preview)
      case 'done':
        return settle(message.key, ({ resolve }) => resolve(message.picture))
      case 'stopped':
        return settle(message.key, ({ reject, signal }) => reject(new AbortedError(signal.reason)))
      case 'failed':
        return settle(message.key, ({ reject }) => reject(new EngineError(message.reason, message.retryable)))
      default:
        return message satisfies never
    }
  })

  return {
    models: await ready.promise,
    died: died.promise,
    generate: (request) =>
      new Promise((resolve, reject) => {
        if (request.signal.aborted) return reject(new AbortedError(request.signal.reason))
        const key = nextKey++
        if (pending.size === 0) lastHeardMs = Date.now()
        const onAbort = () => send({ type: 'stop', key })
        request.signal.addEventListener('abort', onAbort, { once: true })
        pending.set(key, { ...request, resolve, reject, onAbort })
        send({ type: 'generate', key, recipe: request.recipe, input: request.input })
      }),
    silentForMs: (nowMs) => (pending.size === 0 ? 0 : nowMs - lastHeardMs),
    async close() {
      closing = true
      await thread.terminate()
    },
  }
}
