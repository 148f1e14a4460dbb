// Whether a recipe's model is one of ours: installed now, or once, when the device fetched it. A picture made offline with last
// week's weights is still that person's picture.
import { DewpointError } from '#contracts/errors.ts'
import type { Recipe } from '#contracts/recipe.ts'
import type { Deps } from '../deps.ts'
import { queueName } from '../queue/queue.ts'

/** @throws DewpointError model.unavailable */
export async function requireKnownModel(deps: Pick<Deps, 'db' | 'models'>, model: Recipe['model']): Promise<void> {
  if (deps.models.get(model.id)?.hash === model.hash) return
  // Every generation names its model's queue, by id and hash.
  const earlier = await deps.db.generation.findFirst({ where: { queue: queueName(model) }, select: { id: true } })
  if (earlier !== null) return
  const known = deps.models.all.map(({ id, hash }) => `${id} ${hash}`).join(', ')
  throw new DewpointError(
    'model.unavailable',
    `No model ${JSON.stringify(model.id)} of hash ${model.hash}; installed: ${known}`,
  )
}
