// Looks into the pictures a device has sent, and puts them into the history: typed by content, decoded and re-encoded where a
// hostile file cannot hurt, of the recipe's own size, and with the recipe written in by us. Whether the recipe really gives
// these pixels nobody can tell from here; that is why each says that it was made on a device. Finishing twice gives the same.
import { createHash } from 'node:crypto'
import type { z } from 'zod'
import { type finishSavingSchema, pictureSize } from '#contracts/device-picture.ts'
import { DewpointError } from '#contracts/errors.ts'
import type { GenerationDto } from '#contracts/generation.ts'
import { imageRecipe } from '#recipes/image-recipe.ts'
import { isPng } from '#recipes/metadata/png.ts'
import { writeRecipe } from '#recipes/metadata/write-recipe.ts'
import { PROGRAM } from '#recipes/program.ts'
import { lockOwner } from '../db/owner.ts'
import type { Deps } from '../deps.ts'
import { findEarlier } from '../generations/find-earlier.ts'
import { readObject } from '../images/read-object.ts'
import { sanitizeImage } from '../images/sanitize-image.ts'
import { inImageSlot } from '../images/slots.ts'
import { thumbhashOf } from '../images/thumbhash.ts'
import { readSaving, type Saving } from './saving.ts'
import { type CheckedPicture, storeGeneration } from './store-generation.ts'

type Needs = Pick<Deps, 'db' | 'storage' | 'models' | 'appUrl' | 'log'>

/**
 * @throws DewpointError not-found (never begun, or another person's), input.invalid (missing, of another size or content),
 * upload.unreadable, upload.too-large, auth.required, storage.unavailable
 */
export async function finishSaving(
  deps: Needs,
  input: z.output<typeof finishSavingSchema> & { readonly userId: string },
): Promise<GenerationDto> {
  const key = input.idempotencyKey
  const begun = await deps.db.$transaction(async (tx) => {
    const owner = await lockOwner(tx, input.userId)
    if (owner === null) throw new DewpointError('auth.required', `No user ${input.userId}`)
    const saved = await findEarlier(tx, deps.appUrl, { userId: owner.id, key })
    return saved ?? (await readSaving(tx, { userId: owner.id, key }))
  })
  if (begun === null) throw new DewpointError('not-found', `Nothing was begun under ${key}`)
  if ('id' in begun) return begun
  const pictures: CheckedPicture[] = []
  try {
    for (const declared of begun.request.pictures) {
      pictures.push(await inImageSlot(input.userId, () => check(deps, begun, declared)))
    }
  } catch (error) {
    // Another copy of this very call may have been faster, and cleared the quarantine behind itself.
    const saved = await deps.db.$transaction(async (tx) => {
      const owner = await lockOwner(tx, input.userId)
      return owner === null ? null : findEarlier(tx, deps.appUrl, { userId: owner.id, key })
    })
    if (saved === null) throw error
    return saved
  }
  const generation = await storeGeneration(deps, { userId: input.userId, saving: begun, pictures })
  await deps.storage
    .delete(Object.values(begun.sourceKeys))
    // The bucket's lifecycle rule and the daily purge remove what stays.
    .catch((error: unknown) => deps.log.warn({ err: error, key }, 'a quarantined picture stays for the purge'))
  return generation
}

async function check(
  deps: Needs,
  { request, sourceKeys }: Saving,
  { index, sizeBytes, sha256, durationMs }: Saving['request']['pictures'][number],
): Promise<CheckedPicture> {
  const source = await deps.storage.get(sourceKeys[index] ?? '')
  if (source === null)
    throw new DewpointError('input.invalid', `pictures: picture ${index} was not uploaded yet; PUT it first`)
  const bytes = await readObject(source, sizeBytes)
  const arrived = createHash('sha256').update(bytes).digest('hex')
  if (arrived !== sha256)
    throw new DewpointError('input.invalid', `pictures: picture ${index} arrived as ${arrived}, not ${sha256}`)
  if (!isPng(bytes)) throw new DewpointError('upload.unreadable', `Picture ${index} is no PNG`)
  const clean = await sanitizeImage(bytes)
  const expected = pictureSize(request.recipe)
  if (clean.width !== expected.width || clean.height !== expected.height) {
    throw new DewpointError(
      'input.invalid',
      `pictures: picture ${index} is ${clean.width}x${clean.height}; its recipe makes ${expected.width}x${expected.height}`,
    )
  }
  const { model } = request.recipe
  const png = writeRecipe(clean.png, imageRecipe(request.recipe, index), {
    modelName: deps.models.get(model.id)?.name ?? model.id,
    version: PROGRAM,
  })
  return {
    index,
    png,
    sha256: createHash('sha256').update(png).digest('hex'),
    ...expected,
    thumbhash: await thumbhashOf(clean.png),
    durationMs,
  }
}
