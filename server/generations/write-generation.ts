// The one transaction in which a generation comes to be: its row, its images, their jobs and their events, where the allowance has
// room. The same idempotency key with the same request gives the same generation, however often it is sent.
import { DewpointError } from '#contracts/errors.ts'
import type { GenerationDto } from '#contracts/generation.ts'
import type { Recipe } from '#contracts/recipe.ts'
import { imageRecipe } from '#recipes/image-recipe.ts'
import { readAllowance } from '../allowance/read-allowance.ts'
import { requireRoom } from '../allowance/require-room.ts'
import type { Tx } from '../db/client.ts'
import { notify } from '../db/notifications.ts'
import { lockOwner } from '../db/owner.ts'
import type { Deps } from '../deps.ts'
import { appendEvent } from '../events/append-event.ts'
import { fairTags } from '../queue/fair-tag.ts'
import { readQueuePositions } from '../queue/read-queue-positions.ts'
import { findEarlier } from './find-earlier.ts'
import { readGenerationDto } from './generation-dto.ts'

export interface NewGeneration {
  readonly userId: string
  readonly idempotencyKey: string
  readonly requestHash: string
  readonly recipe: Recipe
  readonly recipeHash: string
  readonly queue: string
  readonly inputKey: string | null
  /** Of a check: the image it is compared with. */
  readonly checksImageId?: string
}

/** @throws DewpointError idempotency.mismatch, quota.exhausted, queue.full, auth.required (the account is gone) */
export async function writeGeneration(
  deps: Pick<Deps, 'db' | 'queue' | 'limits' | 'appUrl'>,
  { userId, ...row }: NewGeneration,
): Promise<GenerationDto> {
  await deps.queue.ensure(row.queue)
  return deps.db.$transaction(async (tx) => {
    const owner = await lockOwner(tx, userId)
    if (owner === null) throw new DewpointError('auth.required', `No user ${userId}`)
    const key = { userId: owner.id, key: row.idempotencyKey, requestHash: row.requestHash }
    const earlier = await findEarlier(tx, deps.appUrl, key)
    if (earlier !== null) return earlier
    const id = await insert(tx, deps, owner, row)
    const dto = await readGenerationDto(tx, deps.appUrl, { id })
    if (dto === null) throw new Error(`Generation ${id} has no DTO`)
    return dto
  })
}

/** @returns its id */
async function insert(
  tx: Tx,
  deps: Pick<Deps, 'queue' | 'limits'>,
  owner: { readonly id: string; readonly isGuest: boolean },
  row: Omit<NewGeneration, 'userId'>,
): Promise<string> {
  const { count } = row.recipe
  requireRoom(await readAllowance(tx, deps.limits, owner), count)
  const tags = fairTags({ count, ...(await readFairness(tx, owner.id)) })
  const generation = await tx.generation.create({ data: { ...row, userId: owner.id }, select: { id: true } })
  const images = await tx.image.createManyAndReturn({
    data: tags.map((fairTag, index) => ({
      generationId: generation.id,
      index,
      seed: imageRecipe(row.recipe, index).seed,
      fairTag,
      steps: row.recipe.steps,
    })),
    select: { id: true, fairTag: true },
  })
  await deps.queue.enqueue(tx, row.queue, images)
  const positions = await readQueuePositions(tx, { generationId: generation.id })
  for (const image of images) {
    const queuePosition = positions.get(image.id)?.position ?? 0
    await appendEvent(tx, owner.id, { type: 'queued', generationId: generation.id, imageId: image.id, queuePosition })
  }
  await notify(tx, 'jobs')
  return generation.id
}

// An image that was taken counts however it ended, one called off before that does not. Older tags than the virtual time change nothing and are not read.
async function readFairness(tx: Tx, userId: string): Promise<{ virtualTime: number; lastOwnTag: number | null }> {
  const [row] = await tx.$queryRaw<{ virtualTime: number; lastOwnTag: number | null }[]>`
    WITH queue AS (SELECT coalesce((SELECT max(fair_tag) FROM image WHERE attempt > 0), 0)::int AS time)
    SELECT queue.time AS "virtualTime",
           (SELECT max(tag)::int FROM (
              SELECT image.fair_tag AS tag FROM image JOIN generation ON generation.id = image.generation_id
               WHERE image.attempt > 0 AND image.fair_tag >= queue.time AND generation.user_id = ${userId}::uuid
              UNION ALL
              SELECT image.fair_tag FROM image JOIN generation ON generation.id = image.generation_id
               WHERE image.status = 'queued' AND image.fair_tag >= queue.time AND generation.user_id = ${userId}::uuid) AS own) AS "lastOwnTag"
      FROM queue`
  return row ?? { virtualTime: 0, lastOwnTag: null }
}
