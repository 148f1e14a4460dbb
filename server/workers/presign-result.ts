// A place for one attempt to PUT its picture. The key holds the attempt, so a worker that lost its job cannot overwrite the
// winner's bytes; it is kept on the row, so a move to another account between here and completion changes nothing.
import type { z } from 'zod'
import { DewpointError } from '#contracts/errors.ts'
import type { presignReplySchema, presignSchema } from '#contracts/worker-protocol.ts'
import type { Deps } from '../deps.ts'
import { imageKey } from '../storage/index.ts'

/** @throws DewpointError attempt.stale, storage.unavailable */
export async function presignResult(
  deps: Pick<Deps, 'db' | 'storage'>,
  input: z.output<typeof presignSchema>,
): Promise<z.infer<typeof presignReplySchema>> {
  const { jobId, attempt, sizeBytes, sha256 } = input
  const image = await deps.db.image.findFirst({
    where: { id: jobId, attempt, status: 'running' },
    select: { objectKey: true, generation: { select: { userId: true } } },
  })
  if (image === null) throw new DewpointError('attempt.stale', `Attempt ${attempt} of ${jobId} is over`)
  const key = image.objectKey ?? imageKey({ userId: image.generation.userId, imageId: jobId, attempt })
  const { count } = await deps.db.image.updateMany({
    where: { id: jobId, attempt, status: 'running' },
    data: { objectKey: key },
  })
  if (count === 0) throw new DewpointError('attempt.stale', `Attempt ${attempt} of ${jobId} is over`)
  const { url, headers } = await deps.storage.presignPut({ key, contentType: 'image/png', sizeBytes, sha256 })
  return { url, headers }
}
