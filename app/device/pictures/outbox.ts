// Device pictures on their way from this browser into the history: oldest first, one after another, by one tab at a time, each
// once. What the server refuses for good stays here with its reason and holds nobody up.
import type { BeginSaving, BeginSavingReply } from '#contracts/device-picture.ts'
import type { GenerationDto } from '#contracts/generation.ts'
import { type DevicePicture, isWaitingToBeSaved } from './device-picture.ts'
import type { DevicePictures } from './device-pictures.ts'
import { withLock } from './locks.ts'

export interface OutboxDeps {
  readonly pictures: DevicePictures
  readonly begin: (input: BeginSaving) => Promise<BeginSavingReply>
  readonly finish: (input: { idempotencyKey: string }) => Promise<GenerationDto>
  readonly put: (url: string, headers: Record<string, string>, png: Blob) => Promise<void>
  /** The words of a refusal that no second try would change; null when a later try may succeed. */
  readonly refusalOf: (error: unknown) => string | null
  readonly onSaved: (picture: DevicePicture, generation: GenerationDto) => void
}

/**
 * Saves what waits for the history and belongs to `ownerId`. Rejects with the first failure that a later try may mend; what
 * was saved before it is saved.
 */
export async function flushOutbox(deps: OutboxDeps, ownerId: string): Promise<void> {
  await withLock('dewpoint.outbox', async () => {
    await deps.pictures.load()
    const waiting = deps.pictures.list
      .getState()
      .pictures.filter((picture) => picture.ownerId === ownerId && isWaitingToBeSaved(picture))
      .toReversed()
    for (const { id } of waiting) {
      // Another tab may have saved it while this one waited for its turn.
      const picture = await deps.pictures.get(id)
      if (picture !== undefined && isWaitingToBeSaved(picture)) await saveOne(deps, picture)
    }
  })
}

async function saveOne(deps: OutboxDeps, picture: DevicePicture): Promise<void> {
  try {
    const generation = await send(deps, picture)
    deps.onSaved(picture, generation)
    await deps.pictures.leaveFor(picture.id, generation.id)
  } catch (error) {
    const refusal = deps.refusalOf(error)
    if (refusal === null) throw error
    await deps.pictures.update(picture.id, (one) => ({ ...one, refusal }))
  }
}

async function send({ pictures, begin, finish, put }: OutboxDeps, picture: DevicePicture): Promise<GenerationDto> {
  const done = picture.images.flatMap(({ index, status, sizeBytes, sha256, durationMs }) =>
    status === 'done' && sizeBytes !== null && sha256 !== null
      ? [{ index, sizeBytes, sha256, durationMs: durationMs ?? 0 }]
      : [],
  )
  const { id: idempotencyKey, recipe, recipeHash, madeAt } = picture
  const begun = await begin({ idempotencyKey, recipe, recipeHash, madeAt, pictures: done })
  if (begun.state === 'saved') return begun.generation
  for (const { index, url, headers } of begun.uploads) {
    const png = await pictures.png(picture.id, index)
    if (png === undefined) throw new RangeError(`Image ${index} of ${picture.id} is gone from this browser`)
    await put(url, headers, png)
  }
  return finish({ idempotencyKey })
}
