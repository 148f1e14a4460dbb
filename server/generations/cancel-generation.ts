// Ends what of a generation is not finished. A waiting image is canceled at once; a running one too, and its worker hears
// `stop` at its next progress report or heartbeat, which is within one step. Nothing of it is charged.
import { DewpointError } from '#contracts/errors.ts'
import type { GenerationDto } from '#contracts/generation.ts'
import { lockOwner } from '../db/owner.ts'
import type { Deps } from '../deps.ts'
import { cancelImages, forgetJobs } from './cancel-images.ts'
import { readOwnGeneration } from './generation-dto.ts'

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
  return readOwnGeneration(deps.db, deps.appUrl, input)
}
