// The bucket's last net: whatever no row stands for goes, a day after it was last written. It catches what no deletion can know of:
// an object PUT again with a ticket that was used already, the attempt of a worker that lost its job, what a crash left between
// object and row. See docs/privacy.md.
import type { Deps } from '../deps.ts'
import { INPUTS_PREFIX, QUARANTINE_PREFIX, USERS_PREFIX } from '../storage/index.ts'

/** Longer than anything between an object's writing and its row takes; and the promise of docs/privacy.md. */
export const UNCLAIMED_KEEP_MS = 24 * 60 * 60 * 1000
/** Keys asked of the database at once. */
const BATCH = 500

type Needs = Pick<Deps, 'db' | 'storage'>

/** @returns how many objects were removed. */
export async function sweepBucket(deps: Needs, input: { readonly now: Date }): Promise<number> {
  const before = input.now.getTime() - UNCLAIMED_KEEP_MS
  let removed = 0
  for (const [prefix, findClaimed] of [
    // Nothing stays in quarantine; what is finished has been copied out of it.
    [QUARANTINE_PREFIX, async () => new Set<string>()],
    [INPUTS_PREFIX, findClaimedInputs],
    [USERS_PREFIX, findClaimedPictures],
  ] as const) {
    for await (const keys of oldKeys(deps, prefix, before)) {
      const claimed = await findClaimed(deps, keys)
      const unclaimed = keys.filter((key) => !claimed.has(key))
      if (unclaimed.length > 0) await deps.storage.delete(unclaimed)
      removed += unclaimed.length
    }
  }
  return removed
}

async function* oldKeys({ storage }: Needs, prefix: string, before: number): AsyncGenerator<string[]> {
  let keys: string[] = []
  for await (const { key, lastModified } of storage.list(prefix)) {
    if (lastModified.getTime() < before) keys.push(key)
    if (keys.length < BATCH) continue
    yield keys
    keys = []
  }
  if (keys.length > 0) yield keys
}

/** Uploads at their own size, and those fitted to a recipe, as long as a generation was made from them. */
async function findClaimedInputs({ db }: Needs, keys: readonly string[]): Promise<Set<string>> {
  const ids = keys.flatMap((key) => UUID.exec(key.split('/')[2] ?? '')?.[0] ?? [])
  const uploads = await db.upload.findMany({ where: { id: { in: ids } }, select: { objectKey: true } })
  const generations = await db.generation.findMany({
    where: { inputKey: { in: [...keys] } },
    select: { inputKey: true },
    distinct: ['inputKey'],
  })
  const claimed = [...uploads.map(({ objectKey }) => objectKey), ...generations.map(({ inputKey }) => inputKey)]
  return new Set(claimed.filter((key) => key !== null))
}

/** The attempt that won, and the one that is running. */
async function findClaimedPictures({ db }: Needs, keys: readonly string[]): Promise<Set<string>> {
  const ids = keys.flatMap((key) => UUID.exec(key.split('/')[2] ?? '')?.[0] ?? [])
  const images = await db.image.findMany({ where: { id: { in: ids } }, select: { objectKey: true } })
  return new Set(images.map(({ objectKey }) => objectKey).filter((key) => key !== null))
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/
