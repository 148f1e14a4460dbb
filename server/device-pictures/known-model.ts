// Whether a recipe's model is one of ours: installed now, or once, when the device fetched it. A picture made offline with last
// week's weights is still that person's picture.
import { DewpointError } from '#contracts/errors.ts'
import type { ModelManifest } from '#contracts/model-manifest.ts'
import type { Recipe } from '#contracts/recipe.ts'
import type { Deps } from '../deps.ts'
import { queueName } from '../queue/queue.ts'

/** @throws DewpointError model.unavailable, input.invalid (a size it cannot have made) */
export async function requireKnownModel(deps: Pick<Deps, 'db' | 'models'>, recipe: Recipe): Promise<void> {
  const { model } = recipe
  const installed = deps.models.get(model.id)
  // A release keeps its sizes; of a model that is gone altogether, a picture of that size must have been made here before.
  if (installed !== undefined) requireSize(installed, recipe)
  if (installed?.hash === model.hash) return
  // Every generation names its model's queue, by id and hash.
  const earlier = await deps.db.generation.findFirst({
    where: { queue: queueName(model), ...(installed === undefined ? sameSize(recipe) : {}) },
    select: { id: true },
  })
  if (earlier !== null) return
  const known = deps.models.all.map(({ id, hash }) => `${id} ${hash}`).join(', ')
  throw new DewpointError(
    'model.unavailable',
    `No model ${JSON.stringify(model.id)} of hash ${model.hash}; installed: ${known}`,
  )
}

/** Both passes: each is a run of the model. */
function requireSize(model: ModelManifest, { width, height, hires }: Recipe): void {
  if (!model.fixedSize) return
  for (const size of [{ width, height }, ...(hires === undefined ? [] : [hires])]) {
    if (model.sizes.some((offered) => offered.width === size.width && offered.height === size.height)) continue
    const offered = model.sizes.map((one) => `${one.width}x${one.height}`).join(', ')
    throw new DewpointError('input.invalid', `recipe: ${model.name} makes ${offered}, not ${size.width}x${size.height}`)
  }
}

const sameSize = ({ width, height, hires }: Recipe) => ({
  AND: [
    { recipe: { path: ['width'], equals: width } },
    { recipe: { path: ['height'], equals: height } },
    ...(hires === undefined
      ? []
      : [
          { recipe: { path: ['hires', 'width'], equals: hires.width } },
          { recipe: { path: ['hires', 'height'], equals: hires.height } },
        ]),
  ],
})
