// The generation an idempotency key has already become. One that was deleted since counts too: sending it again must not bring
// it back.
import { DewpointError } from '#contracts/errors.ts'
import type { GenerationDto } from '#contracts/generation.ts'
import type { Tx } from '../db/client.ts'
import { GENERATION_ROW, toGenerationDtos } from './generation-dto.ts'

/** @throws DewpointError idempotency.mismatch when the key became something else; an absent requestHash is not compared. */
export async function findEarlier(
  tx: Tx,
  appUrl: string,
  { userId, key, requestHash }: { readonly userId: string; readonly key: string; readonly requestHash?: string },
): Promise<GenerationDto | null> {
  const row = await tx.generation.findUnique({
    where: { userId_idempotencyKey: { userId, idempotencyKey: key } },
    select: { ...GENERATION_ROW, requestHash: true },
  })
  if (row === null) return null
  if (requestHash !== undefined && row.requestHash !== requestHash) {
    throw new DewpointError('idempotency.mismatch', `Key ${key} belongs to generation ${row.id} of another request`)
  }
  const [dto] = await toGenerationDtos(tx, appUrl, [row])
  return dto ?? null
}
