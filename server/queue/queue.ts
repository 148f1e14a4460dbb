// The job queue: pg-boss behind the few verbs the gateway needs, each inside the caller's transaction, so that a row and its
// job change together or not at all. One queue per model (id and hash), because a worker can only run what it has loaded.
// Leases are not kept here but on the image row, where the rest of an attempt's truth is: see workers/recover-lost-jobs.ts.
import { fromPrisma, PgBoss } from 'pg-boss'
import type { Tx } from '../db/client.ts'

export interface QueuedJob {
  /** The image's id. */
  readonly id: string
  /** Smaller is sooner; see fair-tag.ts. */
  readonly fairTag: number
}

export interface Queue {
  /** Makes sure the queue exists; remembered per process. */
  ensure(queue: string): Promise<void>
  enqueue(tx: Tx, queue: string, jobs: readonly QueuedJob[]): Promise<void>
  /** Takes up to `max` jobs, fairest first; no other caller gets them. */
  take(tx: Tx, queue: string, max: number): Promise<string[]>
  /** A taken job goes back to its old place, to be taken again after `delayMs`. */
  putBack(tx: Tx, queue: string, id: string, delayMs?: number): Promise<void>
  /** A taken job has ended, whatever came of it. */
  finish(tx: Tx, queue: string, ids: readonly string[]): Promise<void>
  /** Waiting jobs nobody wants any more. Not part of a transaction: taking one of them finds out, too. */
  forget(queue: string, ids: readonly string[]): Promise<void>
  stop(): Promise<void>
}

/** pg-boss's longest; the lease on the image row ends an attempt long before. */
const EXPIRE_S = 24 * 60 * 60 - 1
const QUEUE_OPTIONS = {
  expireInSeconds: EXPIRE_S,
  // How often an image may fail is the gateway's decision; the queue only gives it back.
  retryLimit: 1_000,
  retryDelay: 0,
  // A finished job says nothing its image row does not say.
  deleteAfterSeconds: 60 * 60,
}

/** The queue of one model: `image.<id>.<first 16 digits of its hash>`. */
export function queueName(model: { readonly id: string; readonly hash: string }): string {
  return `image.${model.id}.${model.hash.slice(0, 16)}`
}

export async function startQueue(
  databaseUrl: string,
  options: { readonly onError: (error: Error) => void; readonly supervise?: boolean },
): Promise<Queue> {
  const boss = new PgBoss({
    connectionString: databaseUrl,
    // Only its own upkeep runs here; jobs move in our transactions.
    max: 2,
    connectionTimeoutMillis: 5_000,
    schedule: false,
    supervise: options.supervise ?? true,
    // Tables are brought up to date by server/db/migrate.ts, never while serving.
    migrate: false,
    createSchema: false,
    registerInstance: false,
  })
  boss.on('error', options.onError)
  await boss.start()
  const known = new Set<string>()

  return {
    async ensure(queue) {
      if (known.has(queue)) return
      await boss.createQueue(queue, QUEUE_OPTIONS)
      known.add(queue)
    },
    async enqueue(tx, queue, jobs) {
      await boss.insert(
        queue,
        jobs.map(({ id, fairTag }) => ({ id, priority: -fairTag })),
        { db: fromPrisma(tx) },
      )
    },
    async take(tx, queue, max) {
      const jobs = await boss.fetch(queue, { batchSize: max, db: fromPrisma(tx) })
      return jobs.map((job) => job.id)
    },
    async putBack(tx, queue, id, delayMs = 0) {
      const db = fromPrisma(tx)
      await boss.fail(queue, id, null, { db })
      if (delayMs > 0) await boss.update(queue, undefined, { id, startAfter: new Date(Date.now() + delayMs), db })
    },
    async finish(tx, queue, ids) {
      if (ids.length > 0) await boss.complete(queue, [...ids], null, { db: fromPrisma(tx) })
    },
    async forget(queue, ids) {
      if (ids.length > 0) await boss.cancel(queue, [...ids])
    },
    stop: () => boss.stop({ graceful: false }),
  }
}
