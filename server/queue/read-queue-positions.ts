// How many images are ahead of each waiting one. The same order the queue takes them in: fair tag, then age.
import type { Db, Tx } from '../db/client.ts'

export interface QueuePosition {
  readonly generationId: string
  /** 0: next. */
  readonly position: number
}

/** Positions by image id, of one person's waiting images or of one generation's. */
export async function readQueuePositions(
  db: Db | Tx,
  whose: { readonly userId: string } | { readonly generationId: string },
): Promise<Map<string, QueuePosition>> {
  const userId = 'userId' in whose ? whose.userId : null
  const generationId = 'generationId' in whose ? whose.generationId : null
  const rows = await db.$queryRaw<{ id: string; generationId: string; position: number }[]>`
    SELECT mine.id, mine.generation_id AS "generationId", (
             SELECT count(*)::int
               FROM image ahead JOIN generation theirs ON theirs.id = ahead.generation_id
              WHERE ahead.status = 'queued' AND theirs.queue = generation.queue
                AND (ahead.fair_tag, ahead.queued_at, ahead.id) < (mine.fair_tag, mine.queued_at, mine.id)
           ) AS position
      FROM image mine JOIN generation ON generation.id = mine.generation_id
     WHERE mine.status = 'queued'
       AND (${userId}::uuid IS NULL OR generation.user_id = ${userId}::uuid)
       AND (${generationId}::uuid IS NULL OR generation.id = ${generationId}::uuid)`
  return new Map(rows.map(({ id, ...position }) => [id, position]))
}
