// A worker asks for work. Waits for it (long poll) up to waitMs, takes the fairest jobs it has the models for, and starts an
// attempt of each: attempt + 1 is the fence every later write must show.
import type { z } from 'zod'
import { DewpointError } from '#contracts/errors.ts'
import { recipeSchema } from '#contracts/recipe.ts'
import type { claimSchema, Job } from '#contracts/worker-protocol.ts'
import { helloSchema } from '#contracts/worker-protocol.ts'
import { imageRecipe } from '#recipes/image-recipe.ts'
import type { Tx } from '../db/client.ts'
import { lockImageOwners } from '../db/owner.ts'
import type { Deps } from '../deps.ts'
import { appendEvent } from '../events/append-event.ts'
import { queueName } from '../queue/queue.ts'
import { LEASE_MS } from './lease.ts'

/** Looks this often while it waits, should a notification be lost or a delayed retry come due. */
const LOOK_EVERY_MS = 1_000

type Needs = Pick<Deps, 'db' | 'queue' | 'storage' | 'notifications'>

/** @throws DewpointError input.invalid (a worker that never said hello) */
export async function claimJobs(
  deps: Needs,
  input: z.output<typeof claimSchema> & { readonly signal?: AbortSignal | undefined },
): Promise<{ jobs: Job[] }> {
  const queues = await queuesOf(deps, input.workerId)
  const deadline = Date.now() + input.waitMs
  const subscription = deps.notifications.subscribe('jobs')
  try {
    for (;;) {
      const jobs: Job[] = []
      for (const queue of queues) {
        // A worker that hung up must not be given work.
        if (input.signal?.aborted) break
        if (jobs.length < input.max)
          jobs.push(...(await claimFrom(deps, queue, input.workerId, input.max - jobs.length)))
      }
      const leftMs = deadline - Date.now()
      if (jobs.length > 0 || leftMs <= 0 || input.signal?.aborted) return { jobs }
      await subscription.wait(Math.min(leftMs, LOOK_EVERY_MS), input.signal)
    }
  } finally {
    subscription.close()
  }
}

async function queuesOf(deps: Needs, workerId: string): Promise<string[]> {
  const [worker] = await deps.db.$queryRaw<{ models: unknown }[]>`
    UPDATE worker SET last_seen_at = clock_timestamp() WHERE id = ${workerId}::uuid RETURNING models`
  if (worker === undefined) throw new DewpointError('input.invalid', `Worker ${workerId} is unknown; say hello first`)
  const queues = helloSchema.shape.models.parse(worker.models).map(queueName)
  for (const queue of queues) await deps.queue.ensure(queue)
  return queues
}

async function claimFrom(deps: Needs, queue: string, workerId: string, max: number): Promise<Job[]> {
  const started = await deps.db.$transaction(async (tx) => {
    if (!(await isHeardFrom(tx, workerId))) return []
    const ids = await deps.queue.take(tx, queue, max)
    if (ids.length === 0) return []
    const owners = await lockImageOwners(tx, ids)
    // running: its queue job expired or was given back under it; the new attempt takes over.
    const images = await tx.$queryRaw<{ id: string; generationId: string; attempt: number }[]>`
      UPDATE image
         SET status = 'running', attempt = attempt + 1, worker_id = ${workerId}::uuid, step = 0, object_key = NULL,
             lease_until = clock_timestamp() + make_interval(secs => ${LEASE_MS / 1000}::float8),
             started_at = clock_timestamp()
       WHERE id = ANY(${ids}::uuid[]) AND status IN ('queued', 'running')
      RETURNING id, generation_id AS "generationId", attempt`
    const taken = new Set(images.map(({ id }) => id))
    // Canceled or deleted while they waited.
    await deps.queue.finish(
      tx,
      queue,
      ids.filter((id) => !taken.has(id)),
    )
    for (const { id, generationId, attempt } of images) {
      const ownerId = owners.get(id)
      if (ownerId !== undefined) {
        await appendEvent(tx, ownerId, { type: 'started', generationId, imageId: id, attempt })
      }
    }
    return images
  })
  return Promise.all(started.map(({ id, attempt }) => toJob(deps, workerId, id, attempt)))
}

/**
 * A worker that was stopped in its tracks may have a long poll open still: what it is given would only wait for its lease to end. One
 * that lives beats every two seconds, or asks again.
 */
async function isHeardFrom(tx: Tx, workerId: string): Promise<boolean> {
  const [worker] = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM worker
     WHERE id = ${workerId}::uuid AND last_seen_at > clock_timestamp() - make_interval(secs => ${LEASE_MS / 1000}::float8)`
  return worker !== undefined
}

async function toJob(deps: Needs, workerId: string, imageId: string, attempt: number): Promise<Job> {
  const image = await deps.db.image.findUniqueOrThrow({
    where: { id: imageId },
    select: { index: true, generation: { select: { recipe: true, inputKey: true } } },
  })
  const { recipe, inputKey } = image.generation
  return {
    jobId: imageId,
    attempt,
    workerId,
    recipe: imageRecipe(recipeSchema.parse(recipe), image.index),
    inputUrl: inputKey === null ? null : await deps.storage.presignGet({ key: inputKey }),
  }
}
