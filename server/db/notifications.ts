// One LISTEN connection per process, fanned out in memory. A notification is a hint to look, never the news itself: whoever
// waits also looks by the clock, so a lost one costs seconds, not correctness.
import { EventEmitter, setMaxListeners } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import type { Tx } from './client.ts'

const CHANNEL = 'dewpoint'

/** `user:<id>`: their event log grew. `jobs`: something was queued. */
export type Topic = `user:${string}` | 'jobs'

export interface Notifications {
  /** Resolves when the topic was notified, `ms` have passed, or `signal` fired, whichever is first. Never rejects. */
  wait(topic: Topic, ms: number, signal?: AbortSignal): Promise<void>
  /** Starts counting at once, so that nothing notified between subscribing and waiting is missed. */
  subscribe(topic: Topic): Subscription
  /** Whether the LISTEN connection is up. */
  readonly isListening: boolean
  stop(): Promise<void>
}

export interface Subscription {
  /** As Notifications.wait, returning at once when the topic was notified since the last call. */
  wait(ms: number, signal?: AbortSignal): Promise<void>
  close(): void
}

/** Announces `topic` when the transaction commits. */
export async function notify(tx: Tx, topic: Topic): Promise<void> {
  await tx.$executeRaw`SELECT pg_notify(${CHANNEL}, ${topic})`
}

/** 1 s: a restarting server is back in a few; hammering it would not bring it back sooner. */
const RECONNECT_MS = 1_000
/** A connection that died without a FIN is noticed by asking. */
const CHECK_EVERY_MS = 10_000

export function startNotifications(databaseUrl: string, onError: (error: Error) => void): Notifications {
  const emitter = new EventEmitter()
  // One listener per open browser tab.
  emitter.setMaxListeners(0)
  const stopped = new AbortController()
  setMaxListeners(0, stopped.signal)
  let client: pg.Client | undefined

  const listen = async () => {
    while (!stopped.signal.aborted) {
      try {
        await listenOnce()
      } catch (error) {
        if (!stopped.signal.aborted) onError(error instanceof Error ? error : new Error(String(error)))
      }
      client = undefined
      if (!stopped.signal.aborted) await sleep(RECONNECT_MS, stopped.signal)
    }
  }

  const listenOnce = async () => {
    const connection = new pg.Client({
      connectionString: databaseUrl,
      connectionTimeoutMillis: 5_000,
      query_timeout: 5_000,
      keepAlive: true,
    })
    const ended = new Promise<never>((_, failed) => {
      connection.on('error', failed)
      connection.on('end', () => failed(new Error('The notification connection ended')))
    })
    ended.catch(() => {})
    try {
      await connection.connect()
      connection.on('notification', ({ payload }) => {
        if (payload !== undefined) emitter.emit(payload)
      })
      await connection.query(`LISTEN ${CHANNEL}`)
      client = connection
      // Whatever was notified while nobody listened: everyone looks once.
      for (const topic of emitter.eventNames()) emitter.emit(topic)
      while (!stopped.signal.aborted) {
        await Promise.race([ended, sleep(CHECK_EVERY_MS, stopped.signal)])
        if (!stopped.signal.aborted) await connection.query('SELECT 1')
      }
    } finally {
      await connection.end().catch(() => {})
    }
  }

  const subscribe = (topic: Topic): Subscription => {
    let pending = false
    let wake: (() => void) | undefined
    const onNotified = () => {
      pending = true
      wake?.()
    }
    emitter.on(topic, onNotified)
    return {
      async wait(ms, signal) {
        const aborts = [stopped.signal, ...(signal === undefined ? [] : [signal])]
        if (!pending && !aborts.some((each) => each.aborted)) {
          await new Promise<void>((done) => {
            const finish = () => {
              clearTimeout(timer)
              for (const each of aborts) each.removeEventListener('abort', finish)
              wake = undefined
              done()
            }
            const timer = setTimeout(finish, ms)
            for (const each of aborts) each.addEventListener('abort', finish, { once: true })
            wake = finish
          })
        }
        pending = false
      },
      close: () => emitter.off(topic, onNotified),
    }
  }

  const running = listen()
  return {
    subscribe,
    async wait(topic, ms, signal) {
      const subscription = subscribe(topic)
      await subscription.wait(ms, signal)
      subscription.close()
    },
    get isListening() {
      return client !== undefined
    },
    async stop() {
      stopped.abort()
      await client?.end().catch(() => {})
      await running
    },
  }
}

/** Until `ms` have passed or `signal` fired. */
const sleep = (ms: number, signal: AbortSignal): Promise<void> => wait(ms, undefined, { signal }).catch(() => undefined)
