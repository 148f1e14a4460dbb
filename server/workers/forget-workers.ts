// Workers come and go with a new id each time; one not heard from for a day will not be again under the same name.
import type { Deps } from '../deps.ts'

const KEEP_MS = 24 * 60 * 60 * 1000

/** @returns how many were forgotten. */
export async function forgetWorkers(deps: Pick<Deps, 'db'>, input: { readonly now: Date }): Promise<number> {
  const { count } = await deps.db.worker.deleteMany({
    where: { lastSeenAt: { lt: new Date(input.now.getTime() - KEEP_MS) } },
  })
  return count
}
