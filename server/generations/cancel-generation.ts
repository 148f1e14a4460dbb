// Ends what of a generation is not finished. A waiting image is canceled at once; a running one too, and its worker hears
// `stop` at its next progress report or heartbeat, which is within one step. Nothing of it is charged.
import { DewpointError } from '#contracts/errors.ts'
import type { GenerationDto } from '#contracts/generation.ts'
import type { Tx } from '../db/client.ts'
import { lockOwner } from '../db/owner.ts'
import type { Deps } from '../deps.ts'
import { appendEvent } from '../events/append-event.ts'
import { readImageDto } from './generation-dto.ts'
import { getGeneration } from './get-generation.ts'

/** @throws DewpointError not-found */
export async function cancelGeneration(
  deps: Pick<Deps, 'db' | 'queue' | 'appUrl' | 'log'>,
  input: { readonly userId: string; readonly id: string; readonly imageId?: string | undefined },
): Promise<GenerationDto> {
  const canceled = await deps.db.$transaction(async (tx) => {
    const owner = await lockOwner(tx, input.userId)
    const generation = await tx.generation.findFirst({
      where: {
        id: input.id,
        userId: owner?.id ?? input.userId,
        deletedAt: null,
        ...(input.imageId === undefined ? {} : { images: { some: { id: input.imageId } } }),
      },
      select: { id: true, queue: true, userId: true },
    })
    if (generation === null) throw new DewpointError('not-found', `No generation ${input.id}`)
    return cancelImages(tx, deps, generation, input.imageId)
  })
  await forgetJobs(deps, canceled)
  return getGeneration(deps, input)
}

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
