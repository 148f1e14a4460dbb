// Writes checked pictures into the bucket and, in one transaction, the generation and its images as if a worker had made them:
// same rows, same events, but marked as the device's, never queued and never charged.
import { randomUUID } from 'node:crypto'
import { DewpointError } from '#contracts/errors.ts'
import type { GenerationDto } from '#contracts/generation.ts'
import { imageRecipe } from '#recipes/image-recipe.ts'
import type { Tx } from '../db/client.ts'
import { lockOwner } from '../db/owner.ts'
import type { Deps } from '../deps.ts'
import { appendEvent } from '../events/append-event.ts'
import { findEarlier } from '../generations/find-earlier.ts'
import { queueName } from '../queue/queue.ts'
import { imageKey } from '../storage/index.ts'
import type { Saving } from './saving.ts'

/** A picture that was never in the queue stands nowhere in it. */
const NO_FAIR_TAG = 0

/** A picture that was looked into, with its recipe inside. */
export interface CheckedPicture {
  readonly index: number
  readonly png: Uint8Array<ArrayBuffer>
  readonly sha256: string
  readonly width: number
  readonly height: number
  readonly thumbhash: string
  readonly durationMs: number
}

interface Input {
  readonly userId: string
  readonly saving: Saving
  readonly pictures: readonly CheckedPicture[]
}

interface StoredPicture extends CheckedPicture {
  readonly id: string
  readonly objectKey: string
}

/** @throws DewpointError auth.required, storage.unavailable */
export async function storeGeneration(
  deps: Pick<Deps, 'db' | 'storage' | 'appUrl'>,
  { userId, saving, pictures }: Input,
): Promise<GenerationDto> {
  const stored: StoredPicture[] = []
  for (const picture of pictures) {
    const id = randomUUID()
    const objectKey = imageKey({ userId, imageId: id, attempt: 1 })
    await deps.storage.put(objectKey, picture.png, { contentType: 'image/png' })
    stored.push({ ...picture, id, objectKey })
  }
  const isOurs = await deps.db.$transaction(async (tx) => {
    const owner = await lockOwner(tx, userId)
    if (owner === null) throw new DewpointError('auth.required', `No user ${userId}`)
    const key = saving.request.idempotencyKey
    const earlier = await findEarlier(tx, deps.appUrl, { userId: owner.id, key })
    if (earlier !== null) return { generation: earlier, isNew: false }
    await write(tx, owner.id, saving, stored)
    const generation = await findEarlier(tx, deps.appUrl, { userId: owner.id, key })
    if (generation === null) throw new Error(`The generation of ${key} is not there after it was written`)
    for (const image of generation.images)
      await appendEvent(tx, owner.id, { type: 'image', generationId: generation.id, image })
    return { generation, isNew: true }
  })
  // Another copy of this very call was faster: its objects count.
  if (!isOurs.isNew) await deps.storage.delete(stored.map(({ objectKey }) => objectKey))
  return isOurs.generation
}

async function write(tx: Tx, userId: string, saving: Saving, stored: readonly StoredPicture[]): Promise<void> {
  const { recipe, recipeHash, idempotencyKey, madeAt } = saving.request
  const now = new Date()
  // A clock that is ahead must not put a picture before everything made until then.
  const createdAt = new Date(Math.min(now.getTime(), Date.parse(madeAt)))
  const generation = await tx.generation.create({
    data: {
      userId,
      idempotencyKey,
      requestHash: saving.requestHash,
      recipe,
      recipeHash,
      queue: queueName(recipe.model),
      createdAt,
    },
    select: { id: true },
  })
  await tx.image.createMany({
    data: Array.from({ length: recipe.count }, (_, index) => {
      const picture = stored.find((one) => one.index === index)
      const common = {
        generationId: generation.id,
        index,
        seed: imageRecipe(recipe, index).seed,
        madeOn: 'device' as const,
        fairTag: NO_FAIR_TAG,
        steps: recipe.steps,
        finishedAt: now,
      }
      if (picture === undefined) return { ...common, status: 'canceled' as const }
      const { id, objectKey, sha256, png, width, height, thumbhash, durationMs } = picture
      const facts = { id, objectKey, sha256, sizeBytes: png.length, width, height, thumbhash, durationMs }
      return { ...common, ...facts, status: 'done' as const, step: recipe.steps }
    }),
  })
}
