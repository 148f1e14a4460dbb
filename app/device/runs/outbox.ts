// Pictures on their way from this browser into the history: oldest first, one run after another, by one tab at a time, each
// once. What the server refuses for good stays here with its reason and holds nobody up.
import type { BeginSaving, BeginSavingReply } from '#contracts/device-picture.ts'
import type { GenerationDto } from '#contracts/generation.ts'
import { isWaitingToBeSaved, type LocalRun } from './local-run.ts'
import type { LocalRuns } from './local-runs.ts'
import { withLock } from './locks.ts'

export interface OutboxDeps {
  readonly runs: LocalRuns
  readonly begin: (input: BeginSaving) => Promise<BeginSavingReply>
  readonly finish: (input: { idempotencyKey: string }) => Promise<GenerationDto>
  readonly put: (url: string, headers: Record<string, string>, png: Blob) => Promise<void>
  /** The words of a refusal that no second try would change; null when a later try may succeed. */
  readonly refusalOf: (error: unknown) => string | null
  readonly onSaved: (run: LocalRun, generation: GenerationDto) => void
}

/**
 * Saves what waits for the history and belongs to `ownerId`. Rejects with the first failure that a later try may mend; what
 * was saved before it is saved.
 */
export async function flushOutbox(deps: OutboxDeps, ownerId: string): Promise<void> {
  await withLock('dewpoint.outbox', async () => {
    await deps.runs.load()
    const waiting = deps.runs
      .getSnapshot()
      .runs.filter((run) => run.ownerId === ownerId && isWaitingToBeSaved(run))
      .toReversed()
    for (const { id } of waiting) {
      // Another tab may have saved it while this one waited for its turn.
      const run = await deps.runs.get(id)
      if (run !== undefined && isWaitingToBeSaved(run)) await saveOne(deps, run)
    }
  })
}

async function saveOne(deps: OutboxDeps, run: LocalRun): Promise<void> {
  try {
    const generation = await send(deps, run)
    deps.onSaved(run, generation)
    await deps.runs.leaveFor(run.id, generation.id)
  } catch (error) {
    const refusal = deps.refusalOf(error)
    if (refusal === null) throw error
    await deps.runs.update(run.id, (one) => ({ ...one, refusal }))
  }
}

async function send({ runs, begin, finish, put }: OutboxDeps, run: LocalRun): Promise<GenerationDto> {
  const pictures = run.images.flatMap(({ index, status, sizeBytes, sha256, durationMs }) =>
    status === 'done' && sizeBytes !== null && sha256 !== null
      ? [{ index, sizeBytes, sha256, durationMs: durationMs ?? 0 }]
      : [],
  )
  const { id: idempotencyKey, recipe, recipeHash, madeAt } = run
  const begun = await begin({ idempotencyKey, recipe, recipeHash, madeAt, pictures })
  if (begun.state === 'saved') return begun.generation
  for (const { index, url, headers } of begun.uploads) {
    const png = await runs.picture(run.id, index)
    if (png === undefined) throw new RangeError(`Picture ${index} of run ${run.id} is gone from this browser`)
    await put(url, headers, png)
  }
  return finish({ idempotencyKey })
}
