// The one lock of the domain: a person. Whoever appends to their event log, counts their allowance or moves their pictures
// holds it until commit, so that events commit in `seq` order for each person and counts cannot be outrun.
// Order: a guest before the account they became; several people in the order of their ids; a person before any row of theirs.
import type { Tx } from './client.ts'

/** Waits for, and holds until the transaction ends, the lock on one person. */
export async function lockUser(tx: Tx, userId: string): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${userId}, 0))`
}

/** Waits until nobody holds the person's lock, and keeps it from being taken until the transaction ends. */
export async function shareUserLock(tx: Tx, userId: string): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock_shared(hashtextextended(${userId}, 0))`
}

/**
 * Locks the person `userId` stands for and returns their id: the account a guest became, else themselves.
 * A request that was on its way while its guest signed up lands in the account.
 */
export async function lockOwner(tx: Tx, userId: string): Promise<{ id: string; isGuest: boolean } | null> {
  await lockUser(tx, userId)
  const user = await tx.user.findUnique({ where: { id: userId }, select: { linkedToId: true, isAnonymous: true } })
  if (user === null) return null
  if (user.linkedToId === null) return { id: userId, isGuest: user.isAnonymous === true }
  return lockOwner(tx, user.linkedToId)
}

/** Locks whoever owns the images now (a move may be under way) and returns owner by image id; unknown ids are left out. */
export async function lockImageOwners(tx: Tx, imageIds: readonly string[]): Promise<Map<string, string>> {
  const locked = new Set<string>()
  for (;;) {
    const rows = await tx.image.findMany({
      where: { id: { in: [...imageIds] } },
      select: { id: true, generation: { select: { userId: true } } },
    })
    const owners = new Map(rows.map((row) => [row.id, row.generation.userId]))
    const missing = [...new Set(owners.values())].filter((id) => !locked.has(id)).sort()
    if (missing.length === 0) return owners
    for (const id of missing) {
      await lockUser(tx, id)
      locked.add(id)
    }
  }
}
