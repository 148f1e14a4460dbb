// Finds attempts whose worker fell silent past its lease, and queues their images again. Every web process runs it twice
// a second; the row's own condition decides which of them acts.
import type { Deps } from '../deps.ts'
import { endAttempt } from './end-attempt.ts'

const BATCH = 100

/** @returns how many images were taken from silent workers. */
export async function recoverLostJobs(deps: Pick<Deps, 'db' | 'queue' | 'appUrl' | 'log'>): Promise<number> {
  const lost = await deps.db.$queryRaw<{ id: string; workerId: string }[]>`
    SELECT id, worker_id AS "workerId" FROM image
     WHERE status = 'running' AND lease_until < clock_timestamp() ORDER BY lease_until LIMIT ${BATCH}::int`
  let recovered = 0
  for (const { id, workerId } of lost) {
    const became = await deps.db.$transaction((tx) =>
      endAttempt(tx, deps, { jobId: id, attempt: null, workerId: null, isFailure: true, mayRetry: true }),
    )
    if (became === null) continue
    recovered += 1
    deps.log.warn({ jobId: id, workerId, became }, 'a worker fell silent; its image was taken back')
  }
  return recovered
}
