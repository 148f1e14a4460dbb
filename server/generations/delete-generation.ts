// Takes a generation out of sight, links to it included, and cancels what of it is unfinished. It can be brought back until
// purge-deleted-generations.ts removes the objects.
import { DewpointError } from '#contracts/errors.ts'
import { lockOwner } from '../db/owner.ts'
import type { Deps } from '../deps.ts'
import { appendEvent } from '../events/append-event.ts'
import { cancelImages, forgetJobs } from './cancel-images.ts'

/** @throws DewpointError not-found. Deleting again is no error. */
export async function deleteGeneration(
  deps: Pick<Deps, 'db' | 'queue' | 'appUrl' | 'log'>,
  input: { readonly userId: string; readonly id: string },
): Promise<{ id: string }> {
  const canceled = await deps.db.$transaction(async (tx) => {
    const owner = await lockOwner(tx, input.userId)
    const generation = await tx.generation.findFirst({
      where: { id: input.id, userId: owner?.id ?? input.userId },
      select: { id: true, queue: true, userId: true, deletedAt: true },
    })
    if (generation === null) throw new DewpointError('not-found', `No generation ${input.id}`)
    if (generation.deletedAt !== null) return null
    const jobs = await cancelImages(tx, deps, generation)
    await tx.generation.update({ where: { id: generation.id }, data: { deletedAt: new Date() } })
    await appendEvent(tx, generation.userId, { type: 'deleted', generationId: generation.id })
    return jobs
  })
  if (canceled !== null) await forgetJobs(deps, canceled)
  return { id: input.id }
}
