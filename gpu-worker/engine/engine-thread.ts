// Entry point of the engine thread. ONNX Runtime blocks the thread it is called from, so it has this one to itself and the
// main thread stays free for heartbeats.
import { parentPort, workerData } from 'node:worker_threads'
import { AbortedError } from '#diffusion/errors.ts'
import type { Runtime } from '#diffusion/runtime/runtime.ts'
import { listInstalledModels } from '../models/installed-models.ts'
import { createOnnxRuntime } from '../runtime/onnx-runtime.ts'
import { Engine } from './engine.ts'
import { loadModels } from './load-models.ts'
import type { EngineSettings, FromEngine, ToEngine } from './messages.ts'

const port = parentPort
if (port === null) throw new Error('engine-thread.ts runs as a worker thread; start it through engine-client.ts')
const settings: EngineSettings = workerData

const send = (message: FromEngine) => port.postMessage(message)

const installed = await listInstalledModels(settings.modelsDir)
const wanted = installed.filter(({ manifest }) => settings.modelIds?.includes(manifest.id) ?? true)
const missing = settings.modelIds?.filter((id) => !wanted.some(({ manifest }) => manifest.id === id)) ?? []
if (missing.length > 0 || wanted.length === 0) {
  const known = installed.map(({ manifest }) => manifest.id).join(', ')
  throw new Error(
    `No model ${missing.join(', ')} in ${settings.modelsDir}; installed: ${known === '' ? 'none' : known}`,
  )
}
const ort = createOnnxRuntime({
  provider: settings.provider,
  threads: settings.threads,
  ...(settings.provider === 'cuda' ? { mustRunOn: 'CUDAExecutionProvider' as const } : {}),
})
const runtime: Runtime = {
  provider: ort.provider,
  createSession(files, path) {
    send({ type: 'loading' })
    return ort.createSession(files, path)
  },
}
const models = await loadModels(runtime, wanted, settings.modelsDir)
const engine = new Engine(models)
const running = new Map<number, AbortController>()

port.on('message', (message: ToEngine) => {
  if (message.type === 'stop') return running.get(message.key)?.abort()
  return void generate(message)
})
send({ type: 'ready', models: models.map(({ id, hash }) => ({ id, hash })) })

async function generate({ key, recipe, input }: Extract<ToEngine, { type: 'generate' }>): Promise<void> {
  const controller = new AbortController()
  running.set(key, controller)
  try {
    const picture = await engine.generate({
      recipe,
      input,
      signal: controller.signal,
      onStep: (report, preview) => send({ type: 'step', key, report, preview }),
    })
    send({ type: 'done', key, picture })
  } catch (error) {
    if (error instanceof AbortedError) return send({ type: 'stopped', key })
    // A recipe that breaks a rule breaks it on every worker; anything else may go better elsewhere.
    const retryable = !(error instanceof RangeError || error instanceof TypeError)
    send({ type: 'failed', key, reason: error instanceof Error ? error.message : String(error), retryable })
  } finally {
    running.delete(key)
  }
}
