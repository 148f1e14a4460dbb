// Tells the website every few seconds that this worker lives and which jobs it holds, and passes on what it answers.
import type { Logger } from 'pino'
import type { JobRef } from '#contracts/worker-protocol.ts'
import type { GatewayClient } from './gateway-client.ts'
import type { StopReason } from './job.ts'

export interface HeartbeatOptions {
  readonly gateway: GatewayClient
  readonly workerId: string
  readonly everyMs: number
  readonly jobs: () => readonly JobRef[]
  readonly stop: (jobId: string, reason: StopReason) => void
  readonly log: Logger
}

/** Beats until the returned function is called. A beat that fails is only logged: the next one is soon enough. */
export function startHeartbeats({ gateway, workerId, everyMs, jobs, stop, log }: HeartbeatOptions): () => void {
  const ended = new AbortController()
  let beating = false
  const beat = async () => {
    if (beating) return
    beating = true
    try {
      const refs = jobs().map(({ jobId, attempt }) => ({ jobId, attempt }))
      const { canceled, lost } = await gateway.heartbeat({ workerId, jobs: refs }, ended.signal)
      for (const jobId of canceled) stop(jobId, 'canceled')
      for (const jobId of lost) stop(jobId, 'lost')
    } catch (error) {
      if (!ended.signal.aborted) log.warn({ err: error }, 'a heartbeat did not arrive')
    } finally {
      beating = false
    }
  }
  const timer = setInterval(() => void beat(), everyMs)
  return () => {
    clearInterval(timer)
    ended.abort()
  }
}
