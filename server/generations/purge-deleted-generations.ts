// Removes for good what was deleted a day ago: marked first (no undo from then on), then the objects, then the rows, so that
// a failure anywhere is finished by the next round and never leaves an object without a row.
import type { Deps } from '../deps.ts'

/** A day to notice and undo. */
export const PURGE_AFTER_MS = 24 * 60 * 60 * 1000
const BATCH = 50

/** @returns how many generations are gone for good. */
export async function purgeDeletedGenerations(
  deps: Pick<Deps, 'db' | 'storage'>,
  input: { readonly now: Date },
): Promise<number> {
  const before = new Date(input.now.getTime() - PURGE_AFTER_MS)
  const due = await deps.db.generation.findMany({
    where: { deletedAt: { lt: before } },
    select: { id: true },
    take: BATCH,
  })
  const ids = due.map(({ id }) => id)
  // The time again in the condition: it may have been restored meanwhile.
  const marked = await deps.db.generation.updateManyAndReturn({
    where: { id: { in: ids }, deletedAt: { lt: before } },
    data: { purgedAt: input.now },
    select: { id: true },
  })
  for (const { id } of marked) {
    const images = await deps.db.image.findMany({ where: { generationId: id }, select: { objectKey: true } })
    const keys: string[] = []
    for (const { objectKey } of images) {
      if (objectKey === null) continue
      // Every attempt's object lies in the image's folder, also those of workers that lost their job.
      const folder = objectKey.slice(0, objectKey.lastIndexOf('/') + 1)
      for await (const { key } of deps.storage.list(folder)) keys.push(key)
    }
    if (keys.length > 0) await deps.storage.delete(keys)
    await deps.db.generation.delete({ where: { id } })
  }
  return marked.length
}
