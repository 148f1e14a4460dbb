// Entry point of the worker process: settings, engine thread, gateway, signals. The life itself is in worker.ts.
// Exit codes: 0 drained, 1 could not start or the engine died; killed when told twice to stop or when the engine is stuck.
import pino from 'pino'
import { startEngine } from './engine/engine-client.ts'
import { readWorkerEnv, type WorkerEnv } from './env.ts'
import { createGatewayClient, gatewayErrorCode } from './gateway/gateway-client.ts'
import { startHealthServer } from './health.ts'
import { runWorker } from './worker.ts'

/** The longest a single U-Net call or model decode may take before the engine counts as stuck. */
const ENGINE_SILENT_MAX_MS = 120_000
const WATCH_EVERY_MS = 5_000
/** One Ctrl-C may arrive twice, from the terminal and through npm. */
const SECOND_SIGNAL_AFTER_MS = 500

async function main(env: WorkerEnv, log: pino.Logger): Promise<void> {
  const drain = drainOnSignal(log)
  log.info({ provider: env.EXECUTION_PROVIDER, modelsDir: env.MODELS_DIR }, 'loading models')
  const engine = await startEngine({
    provider: env.EXECUTION_PROVIDER,
    threads: env.WORKER_THREADS,
    modelsDir: env.MODELS_DIR,
    modelIds: env.WORKER_MODELS ?? null,
  })
  let registered = false
  const alive = () => engine.silentForMs(Date.now()) < ENGINE_SILENT_MAX_MS
  const health =
    env.HEALTH_PORT === undefined
      ? undefined
      : startHealthServer(env.HEALTH_PORT, { alive, ready: () => registered && alive() && !drain.aborted })
  const watch = setInterval(() => {
    if (alive()) return
    // Heartbeats would keep a stuck job ours for ever; without this process another worker takes it over.
    log.fatal('the engine has been silent for too long')
    endNow()
  }, WATCH_EVERY_MS)
  try {
    await runWorker(
      {
        engine,
        gateway: createGatewayClient({ url: env.GATEWAY_URL, token: env.WORKER_TOKEN }),
        log,
        now: () => performance.now(),
      },
      {
        provider: env.EXECUTION_PROVIDER,
        capacity: env.WORKER_CAPACITY,
        drainTimeoutMs: env.DRAIN_TIMEOUT_MS,
        drain,
        onReady() {
          registered = true
          // To a launcher that waits for us.
          process.send?.({ type: 'ready' })
        },
      },
    )
    log.info('drained')
  } catch (error) {
    // Told to stop before the website ever answered: nothing was begun, nothing is wrong.
    if (!drain.aborted) throw error
  } finally {
    clearInterval(watch)
    health?.close()
    await engine.close()
  }
}

/** An orderly exit would wait for the engine thread, or abort inside ONNX Runtime when it does not. */
const endNow = () => process.kill(process.pid, 'SIGKILL')

function drainOnSignal(log: pino.Logger): AbortSignal {
  const drain = new AbortController()
  let firstMs: number | undefined
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (firstMs === undefined) {
        firstMs = performance.now()
        drain.abort()
      } else if (performance.now() - firstMs > SECOND_SIGNAL_AFTER_MS) {
        log.warn('told twice to stop; jobs will be taken over')
        endNow()
      }
    })
  }
  return drain.signal
}

function explain(error: unknown): string {
  if (gatewayErrorCode(error) === 'worker.unauthorized') {
    return 'The website refused the worker token. Set WORKER_TOKEN to the value the web process uses.'
  }
  return error instanceof Error ? error.message : String(error)
}

try {
  const env = readWorkerEnv()
  const log = pino({ level: env.LOG_LEVEL, base: { process: 'worker' } })
  try {
    await main(env, log)
  } catch (error) {
    log.fatal({ err: error }, explain(error))
    process.exitCode = 1
  }
} catch (error) {
  process.stderr.write(`${explain(error)}\n`)
  process.exitCode = 1
}
