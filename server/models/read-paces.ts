// How fast the workers have been with each model lately, and how much stands in line: what an honest estimate is made of.
import type { Deps } from '../deps.ts'

/** Pictures looked at, over all models: enough that a median means something, few enough to read at every page load. */
const RECENT_IMAGES = 200

export interface Pace {
  readonly secondsPerStep: number
  readonly waiting: number
}

/** By queue name; a model nothing was made with today has none. */
export async function readPaces(deps: Pick<Deps, 'db'>): Promise<ReadonlyMap<string, Pace>> {
  const rows = await deps.db.$queryRaw<{ queue: string; secondsPerStep: number; waiting: number }[]>`
    WITH recent AS (
      SELECT generation_id, duration_ms, steps FROM image
       WHERE status = 'done' AND made_on = 'server' AND duration_ms IS NOT NULL
         AND finished_at > now() - interval '1 day'
       ORDER BY finished_at DESC LIMIT ${RECENT_IMAGES}
    )
    SELECT generation.queue,
           (percentile_cont(0.5) WITHIN GROUP (ORDER BY duration_ms / 1000.0 / greatest(recent.steps, 1)))::float8 AS "secondsPerStep",
           (SELECT count(*)::int FROM image JOIN generation other ON other.id = image.generation_id
             WHERE image.status IN ('queued', 'running') AND other.queue = generation.queue) AS waiting
      FROM recent JOIN generation ON generation.id = recent.generation_id
     GROUP BY generation.queue`
  return new Map(rows.map(({ queue, secondsPerStep, waiting }) => [queue, { secondsPerStep, waiting }]))
}
