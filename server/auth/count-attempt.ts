// A counter in the database, shared by every web process: one row per key, its window beginning with the first attempt. For what may
// not be counted by address alone: one account guessed at from many, and new guests from everywhere.
import type { Db } from '../db/client.ts'

export interface AttemptLimit {
  readonly key: string
  readonly max: number
  readonly windowS: number
}

/** Counts this attempt. @returns seconds until the next is allowed; null: this one is. */
export async function countAttempt(db: Db, { key, max, windowS }: AttemptLimit): Promise<number | null> {
  const windowMs = windowS * 1_000
  // The table is the auth library's, and so is its column's name: here it is when the window began.
  const [row] = await db.$queryRaw<{ count: number; leftMs: number }[]>`
    WITH clock AS (SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now)
    INSERT INTO rate_limit (id, key, count, last_request)
    SELECT gen_random_uuid(), ${key}, 1, now FROM clock
        ON CONFLICT (key) DO UPDATE
       SET count = CASE WHEN rate_limit.last_request + ${windowMs}::bigint <= excluded.last_request THEN 1
                        ELSE rate_limit.count + 1 END,
           last_request = CASE WHEN rate_limit.last_request + ${windowMs}::bigint <= excluded.last_request
                               THEN excluded.last_request ELSE rate_limit.last_request END
    RETURNING count, (last_request + ${windowMs}::bigint - (SELECT now FROM clock))::float8 AS "leftMs"`
  if (row === undefined) throw new Error('The counter gave no row')
  return row.count <= max ? null : Math.max(1, Math.ceil(row.leftMs / 1_000))
}

export async function forgetAttempts(db: Db, key: string): Promise<void> {
  await db.rateLimit.deleteMany({ where: { key } })
}
