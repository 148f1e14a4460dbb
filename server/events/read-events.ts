// Reads the log. Whose event it is follows the generation, so pictures that move to an account bring their events along.
import type { Db } from '../db/client.ts'

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

/** The last number of the person's log; 0 when it is empty. Nothing of theirs can still commit below it. */
export async function readLogEnd(db: Pick<Db, '$queryRaw'>, userId: string): Promise<bigint> {
  const [row] = await db.$queryRaw<{ end: bigint | null }[]>`
    SELECT max(last.seq) AS end
      FROM generation, LATERAL (
        SELECT seq FROM generation_event WHERE generation_id = generation.id ORDER BY seq DESC LIMIT 1
      ) AS last
     WHERE generation.user_id = ${userId}::uuid`
  return row?.end ?? 0n
}
