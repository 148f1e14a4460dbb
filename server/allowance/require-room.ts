// Whether a person's allowance has room for so many more pictures. The answer that counts is asked for under their lock; asked before,
// it spares work for what would be refused anyway.
import { DewpointError } from '#contracts/errors.ts'
import type { Db } from '../db/client.ts'
import type { Limits } from './limits.ts'
import { type Allowance, readAllowance } from './read-allowance.ts'

/** @throws DewpointError quota.exhausted, queue.full */
export function requireRoom(allowance: Allowance, count: number): void {
  if (allowance.used + count > allowance.limit) {
    throw new DewpointError(
      'quota.exhausted',
      `${count} asked for, ${Math.max(0, allowance.limit - allowance.used)} of ${allowance.limit} left until ${allowance.resetsAt.toISOString()}`,
    )
  }
  if (allowance.waiting + count > allowance.waitingMax) {
    throw new DewpointError(
      'queue.full',
      `${allowance.waiting} are waiting and ${count} more were asked for; at most ${allowance.waitingMax}`,
    )
  }
}

interface Ask {
  readonly userId: string
  readonly idempotencyKey: string
  readonly count: number
}

/** The same before a picture is decoded for it. A repeated click was counted already. @throws DewpointError as above, auth.required */
export async function expectRoom(
  { db, limits }: { readonly db: Db; readonly limits: Limits },
  { userId, idempotencyKey, count }: Ask,
): Promise<void> {
  const user = await db.user.findUnique({ where: { id: userId }, select: { isAnonymous: true } })
  if (user === null) throw new DewpointError('auth.required', `No user ${userId}`)
  const earlier = await db.generation.findUnique({
    where: { userId_idempotencyKey: { userId, idempotencyKey } },
    select: { id: true },
  })
  if (earlier !== null) return
  requireRoom(await readAllowance(db, limits, { id: userId, isGuest: user.isAnonymous === true }), count)
}
