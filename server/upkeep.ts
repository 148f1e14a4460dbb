// What a web process does by the clock, besides answering: takes images back from silent workers twice a second, and clears
// away what is past its time every few minutes. Every instance runs it; the rows' own conditions keep them out of each
// other's way.
import type { Deps } from './deps.ts'
import { purgeSavings } from './device-pictures/purge-savings.ts'
import { pruneEvents } from './events/prune-events.ts'
import { purgeDeletedGenerations } from './generations/purge-deleted-generations.ts'
import { purgeExpired } from './retention/purge-expired.ts'
import { sweepBucket } from './retention/sweep-bucket.ts'
import { purgeStaleUploads } from './uploads/purge-stale-uploads.ts'
import { purgeGuests } from './users/purge-guests.ts'
import { forgetWorkers } from './workers/forget-workers.ts'
import { SWEEP_EVERY_MS } from './workers/lease.ts'
import { recoverLostJobs } from './workers/recover-lost-jobs.ts'

const TIDY_EVERY_MS = 5 * 60 * 1000
/** The bucket is listed from end to end: a call for each thousand objects. */
const SWEEP_BUCKET_EVERY_MS = 60 * 60 * 1000

export interface Upkeep {
  /** Resolves when the round under way has ended. */
  stop(): Promise<void>
}

export function startUpkeep(deps: Deps): Upkeep {
  const tasks = [
    repeat(deps, 'recover lost jobs', SWEEP_EVERY_MS, () => recoverLostJobs(deps)),
    repeat(deps, 'purge deleted generations', TIDY_EVERY_MS, () => purgeDeletedGenerations(deps, { now: new Date() })),
    repeat(deps, 'purge stale uploads', TIDY_EVERY_MS, () => purgeStaleUploads(deps, { now: new Date() })),
    repeat(deps, 'purge savings', TIDY_EVERY_MS, () => purgeSavings(deps, { now: new Date() })),
    repeat(deps, 'purge guests', TIDY_EVERY_MS, () => purgeGuests(deps, { now: new Date() })),
    repeat(deps, 'purge expired rows', TIDY_EVERY_MS, () => purgeExpired(deps, { now: new Date() })),
    repeat(deps, 'sweep the bucket', SWEEP_BUCKET_EVERY_MS, () => sweepBucket(deps, { now: new Date() })),
    repeat(deps, 'forget workers', TIDY_EVERY_MS, () => forgetWorkers(deps, { now: new Date() })),
    repeat(deps, 'prune events', TIDY_EVERY_MS, () => pruneEvents(deps, { now: new Date() })),
  ]
  return {
    async stop() {
      await Promise.all(tasks.map((task) => task.stop()))
    },
  }
}

/** One round after another, never two at once; a failing round is logged once and tried again, without end. */
function repeat(deps: Pick<Deps, 'log'>, name: string, everyMs: number, round: () => Promise<number>): Upkeep {
  let timer: NodeJS.Timeout | undefined
  let isStopped = false
  let isFailing = false
  let running: Promise<void> = Promise.resolve()
  const next = () => {
    timer = setTimeout(() => {
      running = run()
    }, everyMs)
    // Upkeep alone keeps no process alive.
    timer.unref()
  }
  const run = async () => {
    try {
      await round()
      if (isFailing) deps.log.info({ task: name }, 'upkeep works again')
      isFailing = false
    } catch (error) {
      // A database that is down for a minute is one line, not sixty.
      if (!isFailing) deps.log.error({ err: error, task: name }, 'upkeep failed; will keep trying')
      isFailing = true
    }
    if (!isStopped) next()
  }
  next()
  return {
    async stop() {
      isStopped = true
      clearTimeout(timer)
      await running
    },
  }
}
