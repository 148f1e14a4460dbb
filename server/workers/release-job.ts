// A draining worker gives a job back untouched: it keeps its place, and it counts as no failure.
import { DewpointError } from '#contracts/errors.ts'
import type { JobRef } from '#contracts/worker-protocol.ts'
import type { Deps } from '../deps.ts'
import { endAttempt } from './end-attempt.ts'

/** @throws DewpointError attempt.stale */
export async function releaseJob(deps: Pick<Deps, 'db' | 'queue' | 'appUrl'>, input: JobRef): Promise<{ ok: true }> {
  const { jobId, attempt, workerId } = input
  const became = await deps.db.$transaction((tx) =>
    endAttempt(tx, deps, { jobId, attempt, workerId, isFailure: false, mayRetry: true }),
  )
  if (became === null) throw new DewpointError('attempt.stale', `Attempt ${attempt} of ${jobId} is over`)
  return { ok: true }
}
