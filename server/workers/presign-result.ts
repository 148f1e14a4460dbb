// A place for one attempt to PUT its picture. The key holds the attempt, so a worker that lost its job cannot overwrite the
// winner's bytes; it is kept on the row, so a move to another account between here and completion changes nothing.
import type { z } from 'zod'
import { pngSizeMaxBytes } from '#contracts/device-picture.ts'
import { DewpointError } from '#contracts/errors.ts'
import { recipeSchema } from '#contracts/recipe.ts'
import type { presignReplySchema, presignSchema } from '#contracts/worker-protocol.ts'
import type { Deps } from '../deps.ts'
import { imageKey } from '../storage/index.ts'

/** @throws DewpointError attempt.stale, input.invalid (more bytes than the recipe's picture can have), storage.unavailable */
export async function presignResult(
  deps: Pick<Deps, 'db' | 'storage'>,
  input: z.output<typeof presignSchema>,
): Promise<z.infer<typeof presignReplySchema>> {
  const { jobId, attempt, workerId, sizeBytes, sha256 } = input
  const image = await deps.db.image.findFirst({
    where: { id: jobId, attempt, workerId, status: 'running' },
    select: { objectKey: true, generation: { select: { userId: true, recipe: true } } },
  })
  if (image === null) throw new DewpointError('attempt.stale', `Attempt ${attempt} of ${jobId} is over`)
  const maxBytes = pngSizeMaxBytes(recipeSchema.parse(image.generation.recipe))
  if (sizeBytes > maxBytes) throw new DewpointError('input.invalid', `sizeBytes: ${sizeBytes}; at most ${maxBytes}`)
  const key = image.objectKey ?? imageKey({ userId: image.generation.userId, imageId: jobId, attempt })
  const { count } = await deps.db.image.updateMany({
    where: { id: jobId, attempt, workerId, status: 'running' },
    data: { objectKey: key },
  })
  if (count === 0) throw new DewpointError('attempt.stale', `Attempt ${attempt} of ${jobId} is over`)
  const { url, headers } = await deps.storage.presignPut({ key, contentType: 'image/png', sizeBytes, sha256 })
  return { url, headers }
}
