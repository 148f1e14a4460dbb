// Removes for good what was deleted a day ago, and checks a day old, which nobody looks at twice: marked first (no undo from then on), then the objects, then the rows, so that
// a failure anywhere is finished by the next round and never leaves an object without a row.
import type { ImageStatus } from '#contracts/generation.ts'
import type { Deps } from '../deps.ts'
import { imageKey } from '../storage/index.ts'

/** A day to notice and undo. */
export const PURGE_AFTER_MS = 24 * 60 * 60 * 1000
const BATCH = 50

/** @returns how many generations are gone for good. */
export async function purgeDeletedGenerations(
  deps: Pick<Deps, 'db' | 'storage'>,
  input: { readonly now: Date },
): Promise<number> {
  const before = new Date(input.now.getTime() - PURGE_AFTER_MS)
  const isUnderWay = { status: { in: ['queued', 'running'] satisfies ImageStatus[] } }
  const isOldCheck = { checksImageId: { not: null }, createdAt: { lt: before }, images: { none: isUnderWay } }
  const isDue = { OR: [{ deletedAt: { lt: before } }, isOldCheck] }
  const due = await deps.db.generation.findMany({
    where: isDue,
    select: { id: true },
    take: BATCH,
  })
  const marked = await deps.db.generation.updateManyAndReturn({
    // The time again in the condition: it may have been restored meanwhile.
    where: { id: { in: due.map(({ id }) => id) }, ...isDue },
    data: { purgedAt: input.now },
    select: { id: true, userId: true },
  })
  for (const generation of marked) {
    const keys = await listObjects(deps, generation)
    if (keys.length > 0) await deps.storage.delete(keys)
    await deps.db.generation.delete({ where: { id: generation.id } })
  }
  return marked.length
}

/** Every attempt's object, also those of workers that lost their job, and those made while the owner was still a guest. */
async function listObjects(
  deps: Pick<Deps, 'db' | 'storage'>,
  generation: { readonly id: string; readonly userId: string },
): Promise<string[]> {
  const images = await deps.db.image.findMany({ where: { generationId: generation.id }, select: { id: true } })
  const guests = await deps.db.user.findMany({ where: { linkedToId: generation.userId }, select: { id: true } })
  const keys: string[] = []
  for (const { id: imageId } of images) {
    for (const { id: userId } of [{ id: generation.userId }, ...guests]) {
      const anyKey = imageKey({ userId, imageId, attempt: 1 })
      const folder = anyKey.slice(0, anyKey.lastIndexOf('/') + 1)
      for await (const { key } of deps.storage.list(folder)) keys.push(key)
    }
  }
  return keys
}
