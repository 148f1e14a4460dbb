// An attempt ended without a picture: failed, released, or its worker fell silent. The image is queued again in its old
// place, or failed for good once it has cost FAILURES_MAX attempts (it may be the image that kills workers).
import type { Tx } from '../db/client.ts'
import { notify } from '../db/notifications.ts'
import { lockImageOwners } from '../db/owner.ts'
import type { Deps } from '../deps.ts'
import { appendEvent } from '../events/append-event.ts'
import { readImageDto } from '../generations/generation-dto.ts'
import { FAILURES_MAX } from './lease.ts'

export interface EndedAttempt {
  readonly jobId: string
  /** null: whichever is running, if its lease ran out (the sweep's case). */
  readonly attempt: number | null
  readonly isFailure: boolean
  readonly mayRetry: boolean
}

/** A failure that may be the surroundings' (a bucket that refuses writes) is not tried again at once: 2 s, then 4 s. */
const RETRY_DELAY_MS = 2_000

/** @returns what became of the image; null when the attempt was over already. */
export async function endAttempt(
  tx: Tx,
  deps: Pick<Deps, 'queue' | 'appUrl'>,
  { jobId, attempt, isFailure, mayRetry }: EndedAttempt,
): Promise<'queued' | 'failed' | null> {
  const ownerId = (await lockImageOwners(tx, [jobId])).get(jobId)
  const failure = isFailure ? 1 : 0
  const [image] = await tx.$queryRaw<
    { generationId: string; queue: string; status: 'queued' | 'failed'; failures: number }[]
  >`
    UPDATE image
       SET failures = failures + ${failure}::int, lease_until = NULL, worker_id = NULL, step = 0, object_key = NULL,
           status = (CASE WHEN ${mayRetry} AND failures + ${failure}::int < ${FAILURES_MAX}::int
                          THEN 'queued' ELSE 'failed' END)::image_status,
           error_code = CASE WHEN ${mayRetry} AND failures + ${failure}::int < ${FAILURES_MAX}::int
                             THEN NULL ELSE 'generation.failed' END,
           finished_at = CASE WHEN ${mayRetry} AND failures + ${failure}::int < ${FAILURES_MAX}::int
                              THEN NULL ELSE clock_timestamp() END
      FROM generation
     WHERE image.id = ${jobId}::uuid AND generation.id = image.generation_id AND image.status = 'running'
       AND CASE WHEN ${attempt}::int IS NULL THEN image.lease_until < clock_timestamp() ELSE image.attempt = ${attempt}::int END
    RETURNING image.generation_id AS "generationId", generation.queue, image.status::text AS status, image.failures`
  if (image === undefined || ownerId === undefined) return null
  if (image.status === 'failed') {
    await deps.queue.finish(tx, image.queue, [jobId])
  } else {
    const isSilent = attempt === null
    await deps.queue.putBack(tx, image.queue, jobId, isFailure && !isSilent ? RETRY_DELAY_MS * image.failures : 0)
    await notify(tx, 'jobs')
  }
  const dto = await readImageDto(tx, deps.appUrl, jobId)
  await appendEvent(tx, ownerId, { type: 'image', generationId: image.generationId, image: dto })
  return image.status
}
