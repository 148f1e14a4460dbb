// A worker says how far one image is. Extends the lease, moves the log on, and answers whether to stop.
import type { z } from 'zod'
import type { progressReplySchema, progressSchema } from '#contracts/worker-protocol.ts'
import { lockImageOwners } from '../db/owner.ts'
import type { Deps } from '../deps.ts'
import { appendEvent } from '../events/append-event.ts'
import { LEASE_MS } from './lease.ts'

export async function reportProgress(
  deps: Pick<Deps, 'db'>,
  input: z.output<typeof progressSchema>,
): Promise<z.infer<typeof progressReplySchema>> {
  const { jobId, attempt, workerId, step, steps, sigma, preview } = input
  return deps.db.$transaction(async (tx) => {
    const ownerId = (await lockImageOwners(tx, [jobId])).get(jobId)
    // `step <=`: two reports may arrive the wrong way round; progress never goes back within an attempt.
    const [image] = await tx.$queryRaw<{ generationId: string; isNews: boolean }[]>`
      UPDATE image
         SET lease_until = clock_timestamp() + make_interval(secs => ${LEASE_MS / 1000}::float8),
             step = greatest(step, ${step}::int), steps = ${steps}::int
       WHERE id = ${jobId}::uuid AND attempt = ${attempt}::int AND status = 'running'
         AND worker_id = ${workerId}::uuid
      RETURNING generation_id AS "generationId", step <= ${step}::int AS "isNews"`
    if (image === undefined || ownerId === undefined) return { stop: true }
    if (image.isNews) {
      const { generationId } = image
      await appendEvent(tx, ownerId, { type: 'step', generationId, imageId: jobId, step, steps, sigma, preview })
    }
    return { stop: false }
  })
}
