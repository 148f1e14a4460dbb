// Somebody's device made pictures and wants them kept: holds what it declares against the rules, and gives out a ticket to PUT
// each one straight to the bucket's quarantine. Nothing is in the history yet; finish-saving.ts looks into what was sent.
import { randomUUID } from 'node:crypto'
import type { z } from 'zod'
import type { BeginSavingReply, beginSavingSchema } from '#contracts/device-picture.ts'
import { DewpointError } from '#contracts/errors.ts'
import { canonicalJson, recipeHash, sha256Hex } from '#recipes/hash.ts'
import type { Limits } from '../allowance/limits.ts'
import type { Tx } from '../db/client.ts'
import { lockOwner } from '../db/owner.ts'
import type { Deps } from '../deps.ts'
import { findEarlier } from '../generations/find-earlier.ts'
import { PRESIGN_EXPIRY_MAX_S, quarantineKey } from '../storage/index.ts'
import { requireKnownModel } from './known-model.ts'
import { readSaving, type SourceKeys } from './saving.ts'

type Request = z.output<typeof beginSavingSchema>
type Needs = Pick<Deps, 'db' | 'storage' | 'models' | 'limits' | 'appUrl'>

/**
 * The same key gives tickets for the same places again, or the generation once it is saved.
 * @throws DewpointError input.invalid, model.unavailable, idempotency.mismatch, quota.exhausted, auth.required, storage.unavailable
 */
export async function beginSaving(
  deps: Needs,
  input: Request & { readonly userId: string },
): Promise<BeginSavingReply> {
  const { userId, ...request } = input
  const hash = await recipeHash(request.recipe)
  if (hash !== request.recipeHash)
    throw new DewpointError('input.invalid', `recipeHash: the recipe’s hash is ${hash}, not ${request.recipeHash}`)
  await requireKnownModel(deps, request.recipe)
  const requestHash = await sha256Hex(new TextEncoder().encode(canonicalJson(request)))
  const found = await deps.db.$transaction(async (tx) => {
    const owner = await lockOwner(tx, userId)
    if (owner === null) throw new DewpointError('auth.required', `No user ${userId}`)
    const generation = await findEarlier(tx, deps.appUrl, {
      userId: owner.id,
      key: request.idempotencyKey,
      requestHash,
    })
    if (generation !== null) return { generation }
    return { sourceKeys: await findOrAdd(tx, deps, owner, request, requestHash) }
  })
  if (found.generation !== undefined) return { state: 'saved', generation: found.generation }
  const { sourceKeys } = found
  const uploads = request.pictures.map(async ({ index, sizeBytes }) => {
    const { url, headers, expiresAt } = await deps.storage.presignPut({
      key: sourceKeys[index] ?? '',
      contentType: 'image/png',
      sizeBytes,
      expiresInS: PRESIGN_EXPIRY_MAX_S,
    })
    return { index, url, headers, expiresAt: expiresAt.toISOString() }
  })
  return { state: 'waiting', uploads: await Promise.all(uploads) }
}

/** Where the pictures go, by index. */
async function findOrAdd(
  tx: Tx,
  deps: Needs,
  owner: { readonly id: string; readonly isGuest: boolean },
  request: Request,
  requestHash: string,
): Promise<SourceKeys> {
  const earlier = await readSaving(tx, { userId: owner.id, key: request.idempotencyKey })
  if (earlier !== null) {
    if (earlier.requestHash === requestHash) return earlier.sourceKeys
    throw new DewpointError('idempotency.mismatch', `Key ${request.idempotencyKey} was begun with other pictures`)
  }
  await requireRoom(tx, deps.limits, owner, request)
  const sourceKeys = Object.fromEntries(request.pictures.map(({ index }) => [index, quarantineKey(randomUUID())]))
  const { idempotencyKey } = request
  await tx.deviceSaving.create({ data: { userId: owner.id, idempotencyKey, requestHash, request, sourceKeys } })
  return sourceKeys
}

/** @throws DewpointError savings.exhausted, naming which of the two is used up */
async function requireRoom(
  tx: Tx,
  limits: Limits,
  owner: { readonly id: string; readonly isGuest: boolean },
  request: Request,
): Promise<void> {
  const max = owner.isGuest ? limits.guestDailySavings : limits.userDailySavings
  const maxBytes = owner.isGuest ? limits.guestDailySavingsBytes : limits.userDailySavingsBytes
  const [today] = await tx.$queryRaw<{ count: number; bytes: bigint }[]>`
    SELECT count(*)::int AS count, coalesce(sum((
             SELECT sum((picture->>'sizeBytes')::bigint) FROM jsonb_array_elements(request->'pictures') AS picture
           )), 0)::bigint AS bytes
      FROM device_saving
     WHERE user_id = ${owner.id}::uuid AND created_at >= date_trunc('day', now(), 'UTC')`
  if (today === undefined) throw new Error('The count of savings gave no row')
  if (today.count >= max) throw new DewpointError('savings.exhausted', `${today.count} savings today; at most ${max}`)
  const asked = request.pictures.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  if (Number(today.bytes) + asked > maxBytes) {
    throw new DewpointError('savings.exhausted', `${asked} bytes more than ${today.bytes} today; at most ${maxBytes}`)
  }
}
