// What anyone with the link may see: the picture and how it was made, nothing about who made it.
import type { SharedImage } from '#contracts/api.ts'
import { recipeSchema } from '#contracts/recipe.ts'
import { SAMPLERS } from '#contracts/samplers.ts'
import { imageRecipe } from '#recipes/image-recipe.ts'
import type { Deps } from '../deps.ts'
import type { StoredObject } from '../storage/index.ts'

/** null: never made, revoked, or its generation is deleted; these look the same from outside. */
export async function getSharedImage(
  deps: Pick<Deps, 'db' | 'models'>,
  input: { readonly slug: string },
): Promise<SharedImage | null> {
  const image = await findShared(deps, input.slug)
  if (image === null) return null
  const recipe = imageRecipe(recipeSchema.parse(image.generation.recipe), image.index)
  return {
    slug: input.slug,
    prompt: recipe.prompt,
    negativePrompt: recipe.negativePrompt,
    modelName: deps.models.get(recipe.model.id)?.name ?? recipe.model.id,
    seed: recipe.seed,
    steps: recipe.steps,
    sampler: SAMPLERS[recipe.sampler].label,
    guidanceScale: recipe.guidanceScale,
    width: image.width ?? recipe.width,
    height: image.height ?? recipe.height,
    thumbhash: image.thumbhash,
    createdAt: image.generation.createdAt,
    madeOn: image.madeOn,
  }
}

/** The shared picture's bytes (PNG); null as above. @throws DewpointError storage.unavailable */
export async function getSharedImageFile(
  deps: Pick<Deps, 'db' | 'storage'>,
  input: { readonly slug: string; readonly signal?: AbortSignal },
): Promise<StoredObject | null> {
  const image = await findShared(deps, input.slug)
  if (image === null || image.objectKey === null) return null
  return deps.storage.get(image.objectKey, input.signal === undefined ? {} : { signal: input.signal })
}

/** A slug as create-share.ts makes them; anything else is not worth a query. */
const SLUG = /^[A-Za-z0-9_-]{24}$/

async function findShared(deps: Pick<Deps, 'db'>, slug: string) {
  if (!SLUG.test(slug)) return null
  const share = await deps.db.share.findFirst({
    where: { slug, revokedAt: null, image: { status: 'done', generation: { deletedAt: null } } },
    select: { image: { include: { generation: { select: { recipe: true, createdAt: true } } } } },
  })
  return share?.image ?? null
}
