// A worker is alive and still has these jobs: their leases are extended, and it hears which to stop.
import type { z } from 'zod'
import type { heartbeatReplySchema, heartbeatSchema } from '#contracts/worker-protocol.ts'
import type { Deps } from '../deps.ts'
import { whyStale } from './attempt.ts'
import { LEASE_MS } from './lease.ts'

export async function heartbeat(
  deps: Pick<Deps, 'db'>,
  input: z.output<typeof heartbeatSchema>,
): Promise<z.infer<typeof heartbeatReplySchema>> {
  const { workerId, jobs } = input
  await deps.db.$executeRaw`UPDATE worker SET last_seen_at = clock_timestamp() WHERE id = ${workerId}::uuid`
  if (jobs.length === 0) return { canceled: [], lost: [] }
  const extended = await deps.db.$queryRaw<{ id: string }[]>`
    UPDATE image
       SET lease_until = clock_timestamp() + make_interval(secs => ${LEASE_MS / 1000}::float8)
      FROM unnest(${jobs.map(({ jobId }) => jobId)}::uuid[], ${jobs.map(({ attempt }) => attempt)}::int[])
           AS held(id, attempt)
     WHERE image.id = held.id AND image.attempt = held.attempt AND image.status = 'running'
       AND image.worker_id = ${workerId}::uuid
    RETURNING image.id`
  const alive = new Set(extended.map(({ id }) => id))
  const reply = { canceled: [] as string[], lost: [] as string[] }
  for (const job of jobs) {
    if (!alive.has(job.jobId)) reply[await whyStale(deps.db, job)].push(job.jobId)
  }
  return reply
}
