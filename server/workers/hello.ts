// A worker introduces itself: who it is, what it runs on, which models it has loaded and verified.
import type { z } from 'zod'
import type { helloReplySchema, helloSchema } from '#contracts/worker-protocol.ts'
import type { Deps } from '../deps.ts'
import { HEARTBEAT_EVERY_MS } from './lease.ts'

export async function hello(
  deps: Pick<Deps, 'db' | 'log'>,
  input: z.output<typeof helloSchema>,
): Promise<z.infer<typeof helloReplySchema>> {
  const { workerId, provider, models } = input
  // The database's clock, which is the one that tells who is silent.
  await deps.db.$executeRaw`
    INSERT INTO worker (id, provider, models, started_at, last_seen_at)
    VALUES (${workerId}::uuid, ${provider}, ${JSON.stringify(models)}::jsonb, clock_timestamp(), clock_timestamp())
        ON CONFLICT (id) DO UPDATE SET provider = excluded.provider, models = excluded.models,
           last_seen_at = excluded.last_seen_at`
  deps.log.info({ workerId, provider, models: models.map(({ id }) => id) }, 'worker said hello')
  return { heartbeatEveryMs: HEARTBEAT_EVERY_MS }
}
