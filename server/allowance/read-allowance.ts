// What a person has used of today's allowance: pictures charged since midnight UTC, and those still on their way, which are
// held against it until they end. A canceled or failed picture is never charged, so it simply stops being counted.
import type { Db, Tx } from '../db/client.ts'
import type { Limits } from './limits.ts'

export interface Allowance {
  readonly used: number
  readonly limit: number
  readonly resetsAt: Date
  /** Queued or running now. */
  readonly waiting: number
  readonly waitingMax: number
}

export async function readAllowance(
  db: Db | Tx,
  limits: Limits,
  user: { readonly id: string; readonly isGuest: boolean },
): Promise<Allowance> {
  const [row] = await db.$queryRaw<{ charged: number; waiting: number; resetsAt: Date }[]>`
    SELECT (SELECT count(*)::int FROM quota_charge
             WHERE user_id = ${user.id}::uuid AND charged_at >= date_trunc('day', now(), 'UTC')) AS charged,
           (SELECT count(*)::int FROM image JOIN generation ON generation.id = image.generation_id
             WHERE generation.user_id = ${user.id}::uuid AND image.status IN ('queued', 'running')) AS waiting,
           date_trunc('day', now(), 'UTC') + interval '1 day' AS "resetsAt"`
  if (row === undefined) throw new Error('The allowance query gave no row')
  return {
    used: row.charged + row.waiting,
    limit: user.isGuest ? limits.guestDailyImages : limits.userDailyImages,
    resetsAt: row.resetsAt,
    waiting: row.waiting,
    waitingMax: user.isGuest ? limits.guestWaitingMax : limits.userWaitingMax,
  }
}
