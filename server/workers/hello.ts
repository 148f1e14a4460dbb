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
  const seen = { provider, models, lastSeenAt: new Date() }
  await deps.db.worker.upsert({ where: { id: workerId }, create: { id: workerId, ...seen }, update: seen })
  deps.log.info({ workerId, provider, models: models.map(({ id }) => id) }, 'worker said hello')
  return { heartbeatEveryMs: HEARTBEAT_EVERY_MS }
}
