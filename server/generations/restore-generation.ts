// Undo of delete, while the objects are still there. Images that were unfinished stay canceled.
import { DewpointError } from '#contracts/errors.ts'
import type { GenerationDto } from '#contracts/generation.ts'
import type { Deps } from '../deps.ts'
import { readOwnGeneration } from './generation-dto.ts'

/** @throws DewpointError not-found (also once it has been purged). Restoring what is not deleted is no error. */
export async function restoreGeneration(
  deps: Pick<Deps, 'db' | 'appUrl'>,
  input: { readonly userId: string; readonly id: string },
): Promise<GenerationDto> {
  const { count } = await deps.db.generation.updateMany({
    // purgedAt: the objects are going or gone.
    where: { id: input.id, userId: input.userId, purgedAt: null },
    data: { deletedAt: null },
  })
  if (count === 0) throw new DewpointError('not-found', `No generation ${input.id}`)
  return readOwnGeneration(deps.db, deps.appUrl, input)
}
