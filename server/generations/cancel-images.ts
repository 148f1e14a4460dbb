// What canceling and deleting a generation share: its unfinished images end, and their jobs leave the queue.
import type { Tx } from '../db/client.ts'
import type { Deps } from '../deps.ts'
import { appendEvent } from '../events/append-event.ts'
import { readImageDto } from './generation-dto.ts'

export interface CanceledJobs {
  readonly queue: string
  readonly ids: readonly string[]
}

/** Cancels unfinished images; the caller holds the owner's lock. */
export async function cancelImages(
  tx: Tx,
  deps: Pick<Deps, 'appUrl'>,
  generation: { readonly id: string; readonly queue: string; readonly userId: string },
  imageId?: string,
): Promise<CanceledJobs> {
  const images = await tx.image.updateManyAndReturn({
    where: {
      generationId: generation.id,
      status: { in: ['queued', 'running'] },
      ...(imageId === undefined ? {} : { id: imageId }),
    },
    data: { status: 'canceled', finishedAt: new Date(), leaseUntil: null },
    select: { id: true },
  })
  for (const { id } of images) {
    const image = await readImageDto(tx, deps.appUrl, id)
    await appendEvent(tx, generation.userId, { type: 'image', generationId: generation.id, image })
  }
  return { queue: generation.queue, ids: images.map(({ id }) => id) }
}

/** Tidying only: a worker that takes a canceled job finds out from its row. */
export async function forgetJobs(deps: Pick<Deps, 'queue' | 'log'>, canceled: CanceledJobs): Promise<void> {
  await deps.queue
    .forget(canceled.queue, canceled.ids)
    .catch((error: unknown) => deps.log.warn({ err: error, queue: canceled.queue }, 'canceled jobs stay until taken'))
}
