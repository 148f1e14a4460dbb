// An attempt's picture is in the bucket. Looked at there first; then one transaction marks the image done, charges the person
// and ends the job. The attempt is the fence: of two workers with one image, the later attempt counts and the other is told so.
import type { z } from 'zod'
import { DewpointError } from '#contracts/errors.ts'
import type { completeSchema, JobRef } from '#contracts/worker-protocol.ts'
import type { Db, Tx } from '../db/client.ts'
import { lockImageOwners } from '../db/owner.ts'
import type { Deps } from '../deps.ts'
import { appendEvent } from '../events/append-event.ts'
import { readImageDto } from '../generations/generation-dto.ts'

/** @throws DewpointError attempt.stale, input.invalid (the object is missing or of another size), storage.unavailable */
export async function completeJob(
  deps: Pick<Deps, 'db' | 'queue' | 'storage' | 'appUrl'>,
  input: z.output<typeof completeSchema>,
): Promise<{ ok: true }> {
  const { jobId, attempt, sha256, sizeBytes } = input
  const image = await readAttempt(deps.db, input)
  // The reply to an earlier, successful call got lost.
  if (isDone(image, sha256)) return { ok: true }
  if (image?.status !== 'running') throw new DewpointError('attempt.stale', `Attempt ${attempt} of ${jobId} is over`)
  const stored = image.objectKey === null ? null : await deps.storage.head(image.objectKey)
  if (stored === null)
    throw new DewpointError('input.invalid', `No picture of ${jobId} in the bucket; presign and PUT it first`)
  if (stored.sizeBytes !== sizeBytes) {
    throw new DewpointError('input.invalid', `sizeBytes: ${sizeBytes} said, ${stored.sizeBytes} stored`)
  }
  const isMarked = await deps.db.$transaction((tx) => markDone(tx, deps, input))
  // Another copy of this very call may have been faster by a moment.
  if (isMarked || isDone(await readAttempt(deps.db, input), sha256)) return { ok: true }
  throw new DewpointError('attempt.stale', `Attempt ${attempt} of ${jobId} is over`)
}

const readAttempt = (db: Db, { jobId, attempt }: JobRef) =>
  db.image.findFirst({ where: { id: jobId, attempt }, select: { status: true, sha256: true, objectKey: true } })

const isDone = (image: Awaited<ReturnType<typeof readAttempt>>, sha256: string) =>
  image?.status === 'done' && image.sha256 === sha256

/** false: the attempt was over when its turn came. */
async function markDone(
  tx: Tx,
  deps: Pick<Deps, 'queue' | 'appUrl'>,
  input: z.output<typeof completeSchema>,
): Promise<boolean> {
  const { jobId, attempt, sha256, sizeBytes, width, height, thumbhash, durationMs } = input
  const ownerId = (await lockImageOwners(tx, [jobId])).get(jobId)
  const [done] = await tx.image.updateManyAndReturn({
    where: { id: jobId, attempt, status: 'running' },
    data: {
      status: 'done',
      sha256,
      sizeBytes,
      width,
      height,
      thumbhash,
      durationMs,
      finishedAt: new Date(),
      leaseUntil: null,
    },
    select: { steps: true, generationId: true, generation: { select: { queue: true } } },
  })
  if (done === undefined || ownerId === undefined) return false
  await tx.image.update({ where: { id: jobId }, data: { step: done.steps } })
  await tx.quotaCharge.create({ data: { imageId: jobId, userId: ownerId } })
  await deps.queue.finish(tx, done.generation.queue, [jobId])
  const image = await readImageDto(tx, deps.appUrl, jobId)
  await appendEvent(tx, ownerId, { type: 'image', generationId: done.generationId, image })
  return true
}
