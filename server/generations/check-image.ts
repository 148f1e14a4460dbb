// A finished image made again from its own recipe, to be compared with. A run like any other (queue, allowance, charge when it is
// done), but in no list; purge-deleted-generations.ts removes it after a day. The comparison itself is the browser's.
import type { z } from 'zod'
import { DewpointError } from '#contracts/errors.ts'
import type { checkImageSchema, GenerationDto } from '#contracts/generation.ts'
import { recipeSchema } from '#contracts/recipe.ts'
import { canonicalJson, recipeHash, sha256Hex } from '#recipes/hash.ts'
import { imageRecipe } from '#recipes/image-recipe.ts'
import type { Deps } from '../deps.ts'
import { queueName } from '../queue/queue.ts'
import { writeGeneration } from './write-generation.ts'

type Input = z.output<typeof checkImageSchema> & { readonly userId: string }

/**
 * @throws DewpointError not-found (also for an image that is not finished), model.unavailable, input.invalid (the picture it
 * started from is not kept here), idempotency.mismatch, quota.exhausted, queue.full, auth.required
 */
export async function checkImage(
  deps: Pick<Deps, 'db' | 'queue' | 'models' | 'limits' | 'appUrl'>,
  { userId, imageId, idempotencyKey }: Input,
): Promise<GenerationDto> {
  const image = await deps.db.image.findFirst({
    where: { id: imageId, status: 'done', generation: { userId, deletedAt: null } },
    select: { index: true, generation: { select: { recipe: true, inputKey: true } } },
  })
  if (image === null) throw new DewpointError('not-found', `No finished picture ${imageId}`)
  const recipe = imageRecipe(recipeSchema.parse(image.generation.recipe), image.index)
  const { inputKey } = image.generation
  // Another release of the model makes another picture, which would say nothing of this one.
  const installed = deps.models.get(recipe.model.id)
  if (installed?.hash !== recipe.model.hash) {
    const there = installed === undefined ? 'not installed' : `installed as ${installed.hash}`
    throw new DewpointError('model.unavailable', `Made with ${recipe.model.id} ${recipe.model.hash}, which is ${there}`)
  }
  if (recipe.input !== undefined && inputKey === null)
    throw new DewpointError('input.invalid', 'The picture it started from is not kept here')
  return writeGeneration(deps, {
    userId,
    idempotencyKey,
    requestHash: await sha256Hex(new TextEncoder().encode(canonicalJson({ checksImageId: imageId }))),
    recipe,
    recipeHash: await recipeHash(recipe),
    queue: queueName(installed),
    inputKey,
    checksImageId: imageId,
  })
}
