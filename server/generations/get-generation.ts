// One generation of the person's own.
import type { GenerationDto } from '#contracts/generation.ts'
import type { Deps } from '../deps.ts'
import { readOwnGeneration } from './generation-dto.ts'

/** @throws DewpointError not-found */
export function getGeneration(
  deps: Pick<Deps, 'db' | 'appUrl'>,
  input: { readonly userId: string; readonly id: string },
): Promise<GenerationDto> {
  return readOwnGeneration(deps.db, deps.appUrl, input)
}
