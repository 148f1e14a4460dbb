// The fence in one place: what is left to say to a worker whose write found no row of its attempt.
import type { JobRef } from '#contracts/worker-protocol.ts'
import type { Db, Tx } from '../db/client.ts'

/** Why an attempt may not write: `canceled` by the person, `lost` to another attempt (or never there). */
export async function whyStale(
  db: Db | Tx,
  { jobId, attempt }: Pick<JobRef, 'jobId' | 'attempt'>,
): Promise<'canceled' | 'lost'> {
  const image = await db.image.findUnique({ where: { id: jobId }, select: { status: true, attempt: true } })
  return image?.status === 'canceled' && image.attempt === attempt ? 'canceled' : 'lost'
}
