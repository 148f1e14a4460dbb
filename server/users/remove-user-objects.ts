// Everything in the bucket that is under the names of people who are going, or have gone: finished pictures and pictures they
// brought, of every attempt and size. Rows go by themselves, with the person's.
import type { Deps } from '../deps.ts'
import { userPrefixes } from '../storage/index.ts'

/** What S3 takes in one call. */
const BATCH = 1_000

export async function removeUserObjects(deps: Pick<Deps, 'storage'>, userIds: readonly string[]): Promise<void> {
  for (const prefix of userIds.flatMap(userPrefixes)) {
    let keys: string[] = []
    for await (const { key } of deps.storage.list(prefix)) {
      keys.push(key)
      if (keys.length < BATCH) continue
      await deps.storage.delete(keys)
      keys = []
    }
    if (keys.length > 0) await deps.storage.delete(keys)
  }
}
