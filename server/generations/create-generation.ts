// One click on Generate: the request against model, rules and upload, and the recipe it becomes. Allowance and idempotency are
// write-generation.ts's.
import { randomInt } from 'node:crypto'
import type { z } from 'zod'
import { DewpointError } from '#contracts/errors.ts'
import type { createGenerationSchema, GenerationDto } from '#contracts/generation.ts'
import { SEED_MAX } from '#contracts/limits.ts'
import { buildRecipe, parseRecipe } from '#recipes/build-recipe.ts'
import { canonicalJson, recipeHash, sha256Hex } from '#recipes/hash.ts'
import { expectRoom } from '../allowance/require-room.ts'
import type { Deps } from '../deps.ts'
import { findNetworks } from '../model-folder/find-networks.ts'
import { queueName } from '../queue/queue.ts'
import { fitUpload } from '../uploads/fit-upload.ts'
import { writeGeneration } from './write-generation.ts'

export type CreateGenerationInput = z.output<typeof createGenerationSchema> & {
  readonly userId: string
  /** Whoever asked has hung up. */
  readonly signal?: AbortSignal | undefined
}

type Needs = Pick<Deps, 'db' | 'queue' | 'storage' | 'models' | 'limits' | 'appUrl'>

/**
 * @throws DewpointError input.invalid, model.unavailable, not-found (the input upload), idempotency.mismatch,
 * quota.exhausted, queue.full, auth.required (the account is gone)
 */
export async function createGeneration(deps: Needs, input: CreateGenerationInput): Promise<GenerationDto> {
  const { userId, idempotencyKey, signal, ...request } = input
  const { modelId, input: start, seed: askedSeed, ...settings } = request
  const requestHash = await sha256Hex(new TextEncoder().encode(canonicalJson(request)))
  const model = deps.models.get(modelId)
  if (model === undefined) {
    const known = deps.models.all.map(({ id }) => id).join(', ')
    throw new DewpointError('model.unavailable', `No model ${JSON.stringify(modelId)}; installed: ${known}`)
  }
  const seed = askedSeed ?? randomInt(SEED_MAX + 1)
  const networks = await findNetworks(deps.models.root, settings)
  // Rules first, so that a refused recipe never touches the upload.
  const textOnly = buildRecipe(model, settings, { seed, networks })
  const { width, height } = textOnly
  if (start !== undefined) await expectRoom(deps, { userId, idempotencyKey, count: textOnly.count })
  const fitted = start && (await fitUpload(deps, { userId, uploadId: start.uploadId, width, height, signal }))
  const recipe = fitted
    ? parseRecipe({ ...textOnly, input: { hash: fitted.sha256, strength: start.strength } })
    : textOnly
  return writeGeneration(deps, {
    userId,
    idempotencyKey,
    requestHash,
    recipe,
    recipeHash: await recipeHash(recipe),
    queue: queueName(model),
    inputKey: fitted?.key ?? null,
  })
}
