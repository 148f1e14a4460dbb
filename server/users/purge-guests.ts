// Guests nobody can come back as: their last session has ended and they never became an account. Objects first, then the row, and
// everything of theirs with it.
import type { Deps } from '../deps.ts'
import { removeUserObjects } from './remove-user-objects.ts'

/** A guest without a session this young may be one whose sign-in is under way. */
const GRACE_MS = 24 * 60 * 60 * 1000
const BATCH = 20

/** @returns how many guests are gone for good. */
export async function purgeGuests(deps: Pick<Deps, 'db' | 'storage'>, input: { readonly now: Date }): Promise<number> {
  const isGone = {
    isAnonymous: true,
    // Those who became an account stay with it: their pictures' keys still hold their id.
    linkedToId: null,
    createdAt: { lt: new Date(input.now.getTime() - GRACE_MS) },
    sessions: { none: { expiresAt: { gte: input.now } } },
  }
  const guests = await deps.db.user.findMany({ where: isGone, select: { id: true }, take: BATCH })
  let purged = 0
  for (const { id } of guests) {
    await removeUserObjects(deps, [id])
    const { count } = await deps.db.user.deleteMany({ where: { id, ...isGone } })
    purged += count
  }
  return purged
}
