// Tickets nobody finished within a day: what was put in quarantine goes, then the row.
import type { Deps } from '../deps.ts'

const KEEP_PENDING_MS = 24 * 60 * 60 * 1000
const BATCH = 200

/** @returns how many were removed. */
export async function purgeStaleUploads(
  deps: Pick<Deps, 'db' | 'storage'>,
  input: { readonly now: Date },
): Promise<number> {
  const stale = await deps.db.upload.findMany({
    where: { status: 'pending', createdAt: { lt: new Date(input.now.getTime() - KEEP_PENDING_MS) } },
    select: { id: true, sourceKey: true },
    take: BATCH,
  })
  if (stale.length === 0) return 0
  await deps.storage.delete(stale.map(({ sourceKey }) => sourceKey))
  const { count } = await deps.db.upload.deleteMany({
    where: { id: { in: stale.map(({ id }) => id) }, status: 'pending' },
  })
  return count
}
