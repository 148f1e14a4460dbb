// Pictures people brought, once nobody needs them: tickets nobody finished within a day, and finished ones after a month. What a
// generation was made from is a copy of its own, cut to its size, and stays as long as the generation.
import type { Deps } from '../deps.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const KEEP_PENDING_MS = DAY_MS
/** As long as a session lasts: a picture brought today can be started from again for as long as the visit may go on. */
const KEEP_READY_MS = 30 * DAY_MS
const BATCH = 200

/** @returns how many were removed. */
export async function purgeStaleUploads(
  deps: Pick<Deps, 'db' | 'storage'>,
  input: { readonly now: Date },
): Promise<number> {
  const before = (keepMs: number) => ({ lt: new Date(input.now.getTime() - keepMs) })
  const isStale = {
    OR: [
      { status: 'pending' as const, createdAt: before(KEEP_PENDING_MS) },
      { status: 'ready' as const, createdAt: before(KEEP_READY_MS) },
    ],
  }
  const stale = await deps.db.upload.findMany({
    where: isStale,
    select: { id: true, sourceKey: true, objectKey: true },
    take: BATCH,
  })
  if (stale.length === 0) return 0
  await deps.storage.delete(
    stale.flatMap(({ sourceKey, objectKey }) => [sourceKey, ...(objectKey === null ? [] : [objectKey])]),
  )
  const { count } = await deps.db.upload.deleteMany({
    // Again: one that was pending may have been finished meanwhile.
    where: { id: { in: stale.map(({ id }) => id) }, ...isStale },
  })
  return count
}
