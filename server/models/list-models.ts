// The models a person may choose from, each with the live workers that can run it right now.
import type { ModelDto } from '#contracts/api.ts'
import { executionProviderSchema } from '#contracts/worker-protocol.ts'
import type { Deps } from '../deps.ts'
import { queueName } from '../queue/queue.ts'
import { WORKER_LIVE_MS } from '../workers/lease.ts'
import { readPaces } from './read-paces.ts'

export async function listModels(deps: Pick<Deps, 'db' | 'models'>): Promise<ModelDto[]> {
  const rows = await deps.db.$queryRaw<{ id: string; hash: string; provider: string; count: number }[]>`
    SELECT model->>'id' AS id, model->>'hash' AS hash, worker.provider, count(*)::int AS count
      FROM worker, jsonb_array_elements(worker.models) AS model
     WHERE worker.last_seen_at > now() - make_interval(secs => ${WORKER_LIVE_MS / 1000}::float8)
     GROUP BY 1, 2, 3
     ORDER BY 3`
  const paces = await readPaces(deps)
  return deps.models.all.map(({ files, largestTensorBytes: _largest, manifestVersion: _version, ...model }) => ({
    ...model,
    sizeBytes: Object.values(files).reduce((sum, file) => sum + file.sizeBytes, 0),
    pace: paces.get(queueName(model)) ?? null,
    workers: rows
      .filter((row) => row.id === model.id && row.hash === model.hash)
      .map((row) => ({ provider: executionProviderSchema.parse(row.provider), count: row.count })),
  }))
}
