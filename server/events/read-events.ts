// Reads the log. Whose event it is follows the generation, so pictures that move to an account bring their events along.
import type { Db } from '../db/client.ts'
import { shareUserLock } from '../db/owner.ts'

/** A replay is sent in batches: a preview is some KB, and a day's absence may be thousands of events. */
const BATCH = 200

export function readEvents(
  db: Db,
  input: { readonly userId: string; readonly after: bigint },
): Promise<{ seq: bigint; payload: unknown }[]> {
  return db.generationEvent.findMany({
    where: { seq: { gt: input.after }, generation: { userId: input.userId } },
    orderBy: { seq: 'asc' },
    take: BATCH,
    select: { seq: true, payload: true },
  })
}

/**
 * A place in the log that everything of the person's so far is at or below, and everything to come above. Their lock is
 * shared for a moment: whoever is appending for them has then committed, and later appends draw larger numbers.
 */
export async function readLogEnd(db: Db, userId: string): Promise<bigint> {
  return db.$transaction(async (tx) => {
    await shareUserLock(tx, userId)
    const last = await tx.generationEvent.findFirst({ orderBy: { seq: 'desc' }, select: { seq: true } })
    return last?.seq ?? 0n
  })
}
