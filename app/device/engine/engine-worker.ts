// Entry point of the engine's Web Worker. ONNX Runtime blocks the thread it runs on, so it has this one to itself and the page
// stays responsive. Built by scripts/build-engine.ts.
import { type CallContext, createEngineCore } from './engine-core.ts'
import type { Call, CallEvent, FromEngine, ToEngine } from './messages.ts'
import { isFatal, toDeviceError } from './to-device-error.ts'

/** Of a dedicated worker's global scope; TypeScript's page types leave it out. */
interface WorkerScope {
  postMessage(message: FromEngine, transfer: Transferable[]): void
  onmessage: ((event: MessageEvent<ToEngine>) => void) | null
}
const scope = globalThis as unknown as WorkerScope
const send = (message: FromEngine) => scope.postMessage(message, buffersOf(message))

type Core = ReturnType<typeof createEngineCore>
let core: Core | undefined
const running = new Map<number, AbortController>()

scope.onmessage = ({ data }) => {
  if (data.type === 'start') core = createEngineCore(data.settings)
  else if (data.type === 'abort') running.get(data.key)?.abort()
  else if (core !== undefined) void answer(core, data.key, data.call)
}

async function answer(engine: Core, key: number, call: Call): Promise<void> {
  const controller = new AbortController()
  running.set(key, controller)
  const emit = (event: CallEvent) => send({ type: 'event', key, event })
  try {
    send({ type: 'done', key, result: await dispatch(engine, call, { signal: controller.signal, emit }) })
  } catch (error) {
    const named = toDeviceError(error)
    send({ type: 'failed', key, code: named.code, detail: named.detail, fatal: isFatal(named) })
  } finally {
    running.delete(key)
  }
}

function dispatch(engine: Core, call: Call, context: CallContext) {
  switch (call.name) {
    case 'assess':
      return engine.assess(call.args, context)
    case 'fetchWeights':
      return engine.fetchWeights(call.args, context)
    case 'storedEstimate':
      return engine.storedEstimate(call.args, context)
    case 'measure':
      return engine.measure(call.args, context)
    case 'generate':
      return engine.generate(call.args, context)
    case 'storedWeights':
      return engine.storedWeights(call.args, context)
    case 'evict':
      return engine.evict(call.args, context)
    default:
      return call satisfies never
  }
}

/** Pictures are handed over, not copied. */
function buffersOf(message: FromEngine): Transferable[] {
  if (message.type !== 'done' || message.result === undefined || message.result === null) return []
  if (!('png' in message.result)) return []
  const { rgb, png } = message.result
  return rgb.buffer instanceof ArrayBuffer ? [rgb.buffer, png.buffer] : [png.buffer]
}
