// Rows that say who was here and no longer mean anything: ended sessions (addresses, browsers), used-up verifications, and the
// counters of rate limits, whose keys are addresses.
import type { Deps } from '../deps.ts'

/** No limit looks back further than an hour (server/auth/create-auth.ts). */
const RATE_LIMIT_KEEP_MS = 24 * 60 * 60 * 1000

/** @returns how many rows were removed. */
export async function purgeExpired(deps: Pick<Deps, 'db'>, input: { readonly now: Date }): Promise<number> {
  const ended = { expiresAt: { lt: input.now } }
  const sessions = await deps.db.session.deleteMany({ where: ended })
  const verifications = await deps.db.verification.deleteMany({ where: ended })
  const limits = await deps.db.rateLimit.deleteMany({
    where: { lastRequest: { lt: BigInt(input.now.getTime() - RATE_LIMIT_KEEP_MS) } },
  })
  return sessions.count + verifications.count + limits.count
}
