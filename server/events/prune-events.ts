// Step events of finished images are of no use to anyone an hour later (the image's row and its last event say how it ended),
// and their previews are the bulk of the log.
import type { Deps } from '../deps.ts'

const KEEP_STEPS_MS = 60 * 60 * 1000
const BATCH = 5_000

/** @returns how many events were removed. */
export function pruneEvents(deps: Pick<Deps, 'db'>, input: { readonly now: Date }): Promise<number> {
  const before = new Date(input.now.getTime() - KEEP_STEPS_MS)
  return deps.db.$executeRaw`
    DELETE FROM generation_event
     WHERE seq IN (
       SELECT event.seq FROM generation_event event JOIN image ON image.id = event.image_id
        WHERE event.type = 'step' AND image.finished_at < ${before} LIMIT ${BATCH}::int
     )`
}
