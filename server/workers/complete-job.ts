// An attempt's picture is in the bucket. Looked at there first; then one transaction marks the image done, charges the person
// and ends the job. The attempt is the fence: of two workers with one image, the later attempt counts and the other is told so.
import { createHash } from 'node:crypto'
import type { z } from 'zod'
import { pictureSize, pngSizeMaxBytes } from '#contracts/device-picture.ts'
import { DewpointError } from '#contracts/errors.ts'
import { recipeSchema } from '#contracts/recipe.ts'
import type { completeSchema, JobRef } from '#contracts/worker-protocol.ts'
import { canonicalJson } from '#recipes/hash.ts'
import { imageRecipe } from '#recipes/image-recipe.ts'
import { readPngSize, readPngText } from '#recipes/metadata/png.ts'
import { DEWPOINT_KEYWORD } from '#recipes/metadata/write-recipe.ts'
import type { Db, Tx } from '../db/client.ts'
import { lockImageOwners } from '../db/owner.ts'
import type { Deps } from '../deps.ts'
import { appendEvent } from '../events/append-event.ts'
import { readImageDto } from '../generations/generation-dto.ts'
import { readObject } from '../images/read-object.ts'

/** @throws DewpointError attempt.stale, input.invalid (the object is missing, or is not the picture), storage.unavailable */
export async function completeJob(
  deps: Pick<Deps, 'db' | 'queue' | 'storage' | 'appUrl'>,
  input: z.output<typeof completeSchema>,
): Promise<{ ok: true }> {
  const { jobId, attempt, sha256 } = input
  const image = await readAttempt(deps.db, input)
  // The reply to an earlier, successful call got lost.
  if (isDone(image, sha256)) return { ok: true }
  if (image?.status !== 'running') throw new DewpointError('attempt.stale', `Attempt ${attempt} of ${jobId} is over`)
  await requirePicture(deps, image, input)
  const isMarked = await deps.db.$transaction((tx) => markDone(tx, deps, input))
  // Another copy of this very call may have been faster by a moment.
  if (isMarked || isDone(await readAttempt(deps.db, input), sha256)) return { ok: true }
  throw new DewpointError('attempt.stale', `Attempt ${attempt} of ${jobId} is over`)
}

const readAttempt = (db: Db, { jobId, attempt, workerId }: JobRef) =>
  db.image.findFirst({
    where: { id: jobId, attempt, workerId },
    select: {
      status: true,
      sha256: true,
      objectKey: true,
      index: true,
      generation: { select: { recipe: true } },
    },
  })
type Attempt = NonNullable<Awaited<ReturnType<typeof readAttempt>>>

/**
 * Nothing a worker says of its picture is believed: the stored bytes are read, and are those it named, a PNG of the recipe's size, with
 * the very recipe of this image inside. Whether the pixels follow from it only another run can tell.
 */
async function requirePicture(
  deps: Pick<Deps, 'storage'>,
  image: Attempt,
  { jobId, sha256, sizeBytes, width, height }: z.output<typeof completeSchema>,
): Promise<void> {
  const recipe = imageRecipe(recipeSchema.parse(image.generation.recipe), image.index)
  const stored = image.objectKey === null ? null : await deps.storage.get(image.objectKey)
  if (stored === null)
    throw new DewpointError('input.invalid', `No picture of ${jobId} in the bucket; presign and PUT it first`)
  if (stored.sizeBytes !== sizeBytes) {
    await stored.body.cancel()
    throw new DewpointError('input.invalid', `sizeBytes: ${sizeBytes} said, ${stored.sizeBytes} stored`)
  }
  const png = await readObject(stored, pngSizeMaxBytes(recipe))
  const actual = createHash('sha256').update(png).digest('hex')
  if (actual !== sha256) throw new DewpointError('input.invalid', `sha256: ${sha256} said, ${actual} stored`)
  const size = readPngSize(png)
  if (size === null) throw new DewpointError('input.invalid', 'What is stored is no PNG')
  const expected = pictureSize(recipe)
  for (const told of [size, { width, height }]) {
    if (told.width === expected.width && told.height === expected.height) continue
    const makes = `${expected.width}x${expected.height}`
    throw new DewpointError('input.invalid', `width, height: ${told.width}x${told.height}; the recipe makes ${makes}`)
  }
  const { entries } = await readPngText(png)
  const inside = entries.filter(({ keyword }) => keyword === DEWPOINT_KEYWORD)
  if (inside.length !== 1 || inside[0]?.text !== canonicalJson(recipe)) {
    throw new DewpointError('input.invalid', 'The picture does not carry the recipe of its job')
  }
}

const isDone = (image: Awaited<ReturnType<typeof readAttempt>>, sha256: string) =>
  image?.status === 'done' && image.sha256 === sha256

/** false: the attempt was over when its turn came. */
async function markDone(
  tx: Tx,
  deps: Pick<Deps, 'queue' | 'appUrl'>,
  input: z.output<typeof completeSchema>,
): Promise<boolean> {
  const { jobId, attempt, workerId, sha256, sizeBytes, width, height, thumbhash, durationMs } = input
  const ownerId = (await lockImageOwners(tx, [jobId])).get(jobId)
  const [done] = await tx.image.updateManyAndReturn({
    where: { id: jobId, attempt, workerId, status: 'running' },
    data: {
      status: 'done',
      sha256,
      sizeBytes,
      width,
      height,
      thumbhash,
      durationMs,
      finishedAt: new Date(),
      leaseUntil: null,
    },
    select: { steps: true, generationId: true, generation: { select: { queue: true } } },
  })
  if (done === undefined || ownerId === undefined) return false
  await tx.image.update({ where: { id: jobId }, data: { step: done.steps } })
  await tx.quotaCharge.create({ data: { imageId: jobId, userId: ownerId } })
  await deps.queue.finish(tx, done.generation.queue, [jobId])
  const image = await readImageDto(tx, deps.appUrl, jobId)
  await appendEvent(tx, ownerId, { type: 'image', generationId: done.generationId, image })
  return true
}
