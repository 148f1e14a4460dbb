// An attempt ended without a picture: failed, released, or its worker fell silent. The image is queued again in its old
// place, or failed for good once it has cost FAILURES_MAX attempts (it may be the image that kills workers).
import type { Tx } from '../db/client.ts'
import { notify } from '../db/notifications.ts'
import { lockImageOwners } from '../db/owner.ts'
import type { Deps } from '../deps.ts'
import { appendEvent } from '../events/append-event.ts'
import { readImageDto } from '../generations/generation-dto.ts'
import { ATTEMPTS_MAX, FAILURES_MAX } from './lease.ts'

export interface EndedAttempt {
  readonly jobId: string
  /** null: whichever is running, if its lease ran out (the sweep's case). */
  readonly attempt: number | null
  /** Who says so; null: the sweep. */
  readonly workerId: string | null
  readonly isFailure: boolean
  readonly mayRetry: boolean
}

/** A failure that may be the surroundings' (a bucket that refuses writes) is not tried again at once: 2 s, then 4 s. */
const RETRY_DELAY_MS = 2_000

/** @returns what became of the image; null when the attempt was over already. */
export async function endAttempt(
  tx: Tx,
  deps: Pick<Deps, 'queue' | 'appUrl'>,
  { jobId, attempt, workerId, isFailure, mayRetry }: EndedAttempt,
): Promise<'queued' | 'failed' | null> {
  const ownerId = (await lockImageOwners(tx, [jobId])).get(jobId)
  const isSilent = attempt === null
  // A worker that fell silent says nothing of pictures it held and had not begun; one that said so itself does.
  const [image] = await tx.$queryRaw<
    { generationId: string; queue: string; status: 'queued' | 'failed'; failures: number }[]
  >`
    WITH ended AS (
      SELECT id, failures + CASE WHEN ${isFailure} AND (NOT ${isSilent} OR step > 0 OR object_key IS NOT NULL)
                                 THEN 1 ELSE 0 END AS failures,
             attempt >= ${ATTEMPTS_MAX}::int AND ${isFailure} AS is_hopeless
        FROM image
       WHERE id = ${jobId}::uuid AND status = 'running'
         AND CASE WHEN ${isSilent} THEN lease_until < clock_timestamp()
                  ELSE attempt = ${attempt}::int AND worker_id = ${workerId}::uuid END
         FOR UPDATE
    ), decided AS (
      SELECT id, failures, ${mayRetry} AND NOT is_hopeless AND failures < ${FAILURES_MAX}::int AS goes_on FROM ended
    )
    UPDATE image
       SET failures = decided.failures, lease_until = NULL, worker_id = NULL, step = 0, object_key = NULL,
           status = (CASE WHEN decided.goes_on THEN 'queued' ELSE 'failed' END)::image_status,
           error_code = CASE WHEN decided.goes_on THEN NULL ELSE 'generation.failed' END,
           finished_at = CASE WHEN decided.goes_on THEN NULL ELSE clock_timestamp() END
      FROM decided, generation
     WHERE image.id = decided.id AND generation.id = image.generation_id
    RETURNING image.generation_id AS "generationId", generation.queue, image.status::text AS status, image.failures`
  if (image === undefined || ownerId === undefined) return null
  if (image.status === 'failed') {
    await deps.queue.finish(tx, image.queue, [jobId])
  } else {
    await deps.queue.putBack(tx, image.queue, jobId, isFailure && !isSilent ? RETRY_DELAY_MS * image.failures : 0)
    await notify(tx, 'jobs')
  }
  const dto = await readImageDto(tx, deps.appUrl, jobId)
  await appendEvent(tx, ownerId, { type: 'image', generationId: image.generationId, image: dto })
  return image.status
}
