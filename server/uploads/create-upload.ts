// Gives out a ticket to PUT one picture straight to the bucket's quarantine: one key, one type, one length, five minutes.
import { randomUUID } from 'node:crypto'
import type { z } from 'zod'
import { DewpointError } from '#contracts/errors.ts'
import type { createUploadSchema, uploadTicketSchema } from '#contracts/generation.ts'
import { lockOwner } from '../db/owner.ts'
import type { Deps } from '../deps.ts'
import { PRESIGN_EXPIRY_MAX_S, quarantineKey } from '../storage/index.ts'

/** @throws DewpointError quota.exhausted, auth.required, storage.unavailable */
export async function createUpload(
  deps: Pick<Deps, 'db' | 'storage' | 'limits'>,
  input: z.output<typeof createUploadSchema> & { readonly userId: string },
): Promise<z.infer<typeof uploadTicketSchema>> {
  const { userId, contentType, sizeBytes } = input
  const upload = await deps.db.$transaction(async (tx) => {
    const owner = await lockOwner(tx, userId)
    if (owner === null) throw new DewpointError('auth.required', `No user ${userId}`)
    const max = owner.isGuest ? deps.limits.guestDailyUploads : deps.limits.userDailyUploads
    const sinceMidnight = new Date(new Date().setUTCHours(0, 0, 0, 0))
    const today = await tx.upload.count({ where: { userId: owner.id, createdAt: { gte: sinceMidnight } } })
    if (today >= max) throw new DewpointError('quota.exhausted', `${today} uploads today; at most ${max}`)
    return tx.upload.create({
      data: { userId: owner.id, contentType, sizeBytes, sourceKey: quarantineKey(randomUUID()) },
      select: { id: true, sourceKey: true },
    })
  })
  const ticket = await deps.storage.presignPut({
    key: upload.sourceKey,
    contentType,
    sizeBytes,
    expiresInS: PRESIGN_EXPIRY_MAX_S,
  })
  return { uploadId: upload.id, url: ticket.url, headers: ticket.headers, expiresAt: ticket.expiresAt.toISOString() }
}
