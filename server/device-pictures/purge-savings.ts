// Savings of more than a day ago: what was left in quarantine goes, then the row. What was saved stays where it is.
import type { Deps } from '../deps.ts'
import { readSourceKeys } from './saving.ts'

/** The day's count needs a day of them; a device that comes back later begins anew. */
const KEEP_MS = 24 * 60 * 60 * 1000
const BATCH = 200

/** @returns how many were removed. */
export async function purgeSavings(deps: Pick<Deps, 'db' | 'storage'>, input: { readonly now: Date }): Promise<number> {
  const old = await deps.db.deviceSaving.findMany({
    where: { createdAt: { lt: new Date(input.now.getTime() - KEEP_MS) } },
    select: { id: true, sourceKeys: true },
    take: BATCH,
  })
  if (old.length === 0) return 0
  await deps.storage.delete(old.flatMap(({ sourceKeys }) => Object.values(readSourceKeys(sourceKeys))))
  const { count } = await deps.db.deviceSaving.deleteMany({ where: { id: { in: old.map(({ id }) => id) } } })
  return count
}
