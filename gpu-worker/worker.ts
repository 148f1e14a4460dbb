// The worker's life: say hello, claim as many jobs as there is room for, keep them alive, and on drain finish or give back.
// Speaks to the website only through the gateway, and to the model only through the engine.
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { ExecutionProvider, Job } from '#contracts/worker-protocol.ts'
import type { EngineHandle } from './engine/engine-client.ts'
import { type GatewayClient, gatewayErrorCode, isRetryable } from './gateway/gateway-client.ts'
import { startHeartbeats } from './gateway/heartbeats.ts'
import { runJob, type StopReason } from './gateway/job.ts'
import { retry } from './gateway/retry.ts'

export interface WorkerDeps {
  readonly gateway: GatewayClient
  readonly engine: EngineHandle
  readonly log: Logger
  readonly now: () => number
}

export interface WorkerOptions {
  readonly provider: ExecutionProvider
  readonly capacity: number
  readonly drainTimeoutMs: number
  /** Aborted: claim no more, finish what runs. */
  readonly drain: AbortSignal
  /** The website knows this worker; it may be told of jobs from now on. */
  readonly onReady: () => void
}

interface Held {
  readonly job: Job
  readonly stop: AbortController
  readonly ended: Promise<void>
}

/** How long the website may hold a claim while there is nothing to do. */
const CLAIM_WAIT_MS = 20_000
/** After an answer that trying again would not change; the next hello may. */
const HELLO_AGAIN_AFTER_MS = 2_000
/** After an answer without work that came much sooner than it had to, and after the first failure; twice as long after each further one. */
const CLAIM_AGAIN_AFTER_MS = 500
const CLAIM_AGAIN_MAX_MS = 10_000

/** Resolves when drained. Rejects when the token is refused, or the engine dies. */
export async function runWorker(deps: WorkerDeps, options: WorkerOptions): Promise<void> {
  const { gateway, engine, log } = deps
  const workerId = randomUUID()
  const held = new Map<string, Held>()
  const stopJob = (jobId: string, reason: StopReason) => held.get(jobId)?.stop.abort(reason)

  const { heartbeatEveryMs } = await sayHello(deps, options, workerId)
  log.info({ workerId, models: engine.models, capacity: options.capacity }, 'ready')
  options.onReady()
  const stopHeartbeats = startHeartbeats({
    gateway,
    workerId,
    everyMs: heartbeatEveryMs,
    jobs: () => [...held.values()].map(({ job }) => job),
    stop: stopJob,
    log,
  })
  try {
    await Promise.race([claimUntilDrained(deps, options, workerId, held), engine.died])
    log.info({ jobs: held.size }, 'draining')
    await finishOrRelease(options.drainTimeoutMs, held, stopJob)
  } finally {
    // Jobs that failed with the engine still tell the website so.
    await Promise.all([...held.values()].map(({ ended }) => ended))
    stopHeartbeats()
  }
}

async function sayHello({ gateway, engine, log }: WorkerDeps, { provider, drain }: WorkerOptions, workerId: string) {
  return retry(() => gateway.hello({ workerId, provider, models: [...engine.models] }, drain), {
    signal: drain,
    isRetryable,
    attempts: Number.POSITIVE_INFINITY,
    onRetry: () => log.info('waiting for the website'),
  })
}

async function claimUntilDrained(
  deps: WorkerDeps,
  options: WorkerOptions,
  workerId: string,
  held: Map<string, Held>,
): Promise<void> {
  const { gateway, log } = deps
  const { drain, capacity } = options
  const drained = new Promise<void>((resolve) => drain.addEventListener('abort', () => resolve(), { once: true }))
  let failures = 0
  const pause = () => sleep(backoffMs(failures), undefined, { signal: drain }).catch(() => undefined)
  while (!drain.aborted) {
    if (held.size >= capacity) {
      await Promise.race([drained, ...[...held.values()].map(({ ended }) => ended)])
      continue
    }
    try {
      const askedMs = deps.now()
      const { jobs } = await gateway.claim({ workerId, max: capacity - held.size, waitMs: CLAIM_WAIT_MS }, drain)
      for (const job of jobs) hold(deps, job, held)
      failures = 0
      if (jobs.length === 0 && deps.now() - askedMs < CLAIM_AGAIN_AFTER_MS) await pause()
    } catch (error) {
      if (drain.aborted) return
      // A hello that succeeds where claims fail must not turn the two into a storm.
      await pause()
      failures += 1
      await recover(deps, options, workerId, error)
      log.debug('claiming again')
    }
  }
}

/** Half of it by chance, so that workers of one website do not come back together. */
const backoffMs = (failures: number) =>
  Math.min(CLAIM_AGAIN_MAX_MS, CLAIM_AGAIN_AFTER_MS * 2 ** failures) * (0.5 + Math.random() / 2)

/** A website that is away comes back; one that no longer knows this worker gets another hello. */
async function recover(deps: WorkerDeps, options: WorkerOptions, workerId: string, error: unknown): Promise<void> {
  if (gatewayErrorCode(error) === 'worker.unauthorized') throw error
  deps.log.warn({ err: error }, 'claiming failed')
  try {
    if (!isRetryable(error)) await sleep(HELLO_AGAIN_AFTER_MS, undefined, { signal: options.drain })
    await sayHello(deps, options, workerId)
  } catch (cause) {
    if (!options.drain.aborted) throw cause
  }
}

function hold(deps: WorkerDeps, job: Job, held: Map<string, Held>): void {
  deps.log.info({ jobId: job.jobId, attempt: job.attempt, steps: job.recipe.steps }, 'job claimed')
  const stop = new AbortController()
  const ended = runJob(deps, job, stop).finally(() => {
    // A later attempt of the same job may have come back to this very worker meanwhile.
    if (held.get(job.jobId)?.stop === stop) held.delete(job.jobId)
  })
  held.get(job.jobId)?.stop.abort('lost' satisfies StopReason)
  held.set(job.jobId, { job, stop, ended })
}

/** Lets running jobs finish within the bound and gives the others back, so that another worker starts them at once. */
async function finishOrRelease(
  timeoutMs: number,
  held: Map<string, Held>,
  stopJob: (jobId: string, reason: StopReason) => void,
) {
  const bound = new AbortController()
  const allEnded = Promise.all([...held.values()].map(({ ended }) => ended)).then(() => bound.abort())
  await sleep(timeoutMs, undefined, { signal: bound.signal }).catch(() => undefined)
  for (const jobId of held.keys()) stopJob(jobId, 'released')
  await allEnded
}
