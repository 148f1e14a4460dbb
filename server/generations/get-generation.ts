// One generation of the person's own. Someone else's, a deleted one and one that never was look the same.
import { DewpointError } from '#contracts/errors.ts'
import type { GenerationDto } from '#contracts/generation.ts'
import type { Deps } from '../deps.ts'
import { GENERATION_ROW, toGenerationDtos } from './generation-dto.ts'

/** @throws DewpointError not-found */
export async function getGeneration(
  deps: Pick<Deps, 'db' | 'appUrl'>,
  input: { readonly userId: string; readonly id: string },
): Promise<GenerationDto> {
  const row = await deps.db.generation.findFirst({
    where: { id: input.id, userId: input.userId, deletedAt: null },
    select: GENERATION_ROW,
  })
  const [dto] = row === null ? [] : await toGenerationDtos(deps.db, deps.appUrl, [row])
  if (dto === undefined) throw new DewpointError('not-found', `No generation ${input.id}`)
  return dto
}
