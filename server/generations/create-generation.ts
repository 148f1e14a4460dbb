// One click on Generate: checks it, holds it against the allowance, and writes the generation, its images and their jobs in
// one transaction. The same idempotency key with the same request gives the same generation, however often it is sent.
import { randomInt } from 'node:crypto'
import type { z } from 'zod'
import { DewpointError } from '#contracts/errors.ts'
import type { createGenerationSchema, GenerationDto } from '#contracts/generation.ts'
import { SEED_MAX } from '#contracts/limits.ts'
import type { Recipe } from '#contracts/recipe.ts'
import { buildRecipe } from '#recipes/build-recipe.ts'
import { canonicalJson, recipeHash, sha256Hex } from '#recipes/hash.ts'
import { imageRecipe } from '#recipes/image-recipe.ts'
import { readAllowance } from '../allowance/read-allowance.ts'
import type { Tx } from '../db/client.ts'
import { lockOwner } from '../db/owner.ts'
import type { Deps } from '../deps.ts'
import { appendEvent } from '../events/append-event.ts'
import { notify } from '../events/notifications.ts'
import { findNetworks } from '../models/find-networks.ts'
import { fairTags } from '../queue/fair-tag.ts'
import { queueName } from '../queue/queue.ts'
import { readQueuePositions } from '../queue/read-queue-positions.ts'
import { fitUpload } from '../uploads/fit-upload.ts'
import { GENERATION_ROW, toGenerationDtos } from './generation-dto.ts'

export type CreateGenerationInput = z.output<typeof createGenerationSchema> & { readonly userId: string }

type Needs = Pick<Deps, 'db' | 'queue' | 'storage' | 'models' | 'limits' | 'appUrl'>

/**
 * @throws DewpointError input.invalid, model.unavailable, not-found (the input upload), idempotency.mismatch,
 * quota.exhausted, queue.full, auth.required (the account is gone)
 */
export async function createGeneration(deps: Needs, input: CreateGenerationInput): Promise<GenerationDto> {
  const { userId, idempotencyKey, ...request } = input
  const requestHash = await sha256Hex(new TextEncoder().encode(canonicalJson(request)))
  const model = deps.models.get(request.modelId)
  if (model === undefined) {
    const known = deps.models.all.map(({ id }) => id).join(', ')
    throw new DewpointError('model.unavailable', `No model ${JSON.stringify(request.modelId)}; installed: ${known}`)
  }
  const seed = request.seed ?? randomInt(SEED_MAX + 1)
  const networks = await findNetworks(deps.models.root, request)
  // Rules first, so that a refused recipe never touches the upload.
  const textOnly = buildRecipe(model, request, { seed, networks })
  const fitted =
    request.input === undefined
      ? null
      : await fitUpload(deps, {
          userId,
          uploadId: request.input.uploadId,
          width: request.width,
          height: request.height,
        })
  const recipe = fitted === null ? textOnly : buildRecipe(model, request, { seed, networks, inputHash: fitted.sha256 })
  const row = {
    idempotencyKey,
    requestHash,
    recipe,
    recipeHash: await recipeHash(recipe),
    queue: queueName(model),
    inputKey: fitted?.key ?? null,
  }
  await deps.queue.ensure(row.queue)
  return deps.db.$transaction(async (tx) => {
    const owner = await lockOwner(tx, userId)
    if (owner === null) throw new DewpointError('auth.required', `No user ${userId}`)
    const id =
      (await findEarlier(tx, owner.id, idempotencyKey, requestHash)) ?? (await writeGeneration(tx, deps, owner, row))
    const generation = await tx.generation.findUniqueOrThrow({ where: { id }, select: GENERATION_ROW })
    const [dto] = await toGenerationDtos(tx, deps.appUrl, [generation])
    if (dto === undefined) throw new Error(`Generation ${id} has no DTO`)
    return dto
  })
}

/** The generation this key already made; a different request under it is refused. */
export async function findEarlier(tx: Tx, userId: string, key: string, requestHash: string): Promise<string | null> {
  const earlier = await tx.generation.findUnique({
    where: { userId_idempotencyKey: { userId, idempotencyKey: key } },
    select: { id: true, requestHash: true },
  })
  if (earlier === null) return null
  if (earlier.requestHash !== requestHash) {
    throw new DewpointError('idempotency.mismatch', `Key ${key} belongs to generation ${earlier.id} of another request`)
  }
  return earlier.id
}

export interface NewGeneration {
  readonly idempotencyKey: string
  readonly requestHash: string
  readonly recipe: Recipe
  readonly recipeHash: string
  readonly queue: string
  readonly inputKey: string | null
  /** Of a check: the image it is compared with. */
  readonly checksImageId?: string
}

/** Generation, images, jobs and events, where the allowance has room. @throws DewpointError quota.exhausted, queue.full */
export async function writeGeneration(
  tx: Tx,
  deps: Pick<Deps, 'queue' | 'limits'>,
  owner: { readonly id: string; readonly isGuest: boolean },
  row: NewGeneration,
): Promise<string> {
  const { count } = row.recipe
  const allowance = await readAllowance(tx, deps.limits, owner)
  if (allowance.used + count > allowance.limit) {
    throw new DewpointError(
      'quota.exhausted',
      `${count} asked for, ${Math.max(0, allowance.limit - allowance.used)} of ${allowance.limit} left until ${allowance.resetsAt.toISOString()}`,
    )
  }
  if (allowance.waiting + count > allowance.waitingMax) {
    throw new DewpointError(
      'queue.full',
      `${allowance.waiting} are waiting and ${count} more were asked for; at most ${allowance.waitingMax}`,
    )
  }
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

async function readFairness(tx: Tx, userId: string): Promise<{ virtualTime: number; lastOwnTag: number | null }> {
  const [row] = await tx.$queryRaw<{ virtualTime: number; lastOwnTag: number | null }[]>`
    SELECT coalesce((SELECT max(fair_tag) FROM image WHERE attempt > 0), 0)::int AS "virtualTime",
           (SELECT max(image.fair_tag)::int FROM image JOIN generation ON generation.id = image.generation_id
             WHERE generation.user_id = ${userId}::uuid AND image.status IN ('queued', 'running')) AS "lastOwnTag"`
  return row ?? { virtualTime: 0, lastOwnTag: null }
}
