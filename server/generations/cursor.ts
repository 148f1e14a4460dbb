// Opaque, tamper-evident page cursors: a position in newest-first order and an HMAC over it. They hold nothing secret; the
// signature keeps clients from building their own, so the format can change.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { DewpointError } from '#contracts/errors.ts'

export interface Position {
  readonly createdAt: Date
  readonly id: string
}

const payloadSchema = z.tuple([z.number().int(), z.uuid()])
/** 16 of HMAC-SHA-256's 32 bytes: 128 bits cannot be guessed, and the cursor stays short. */
const SIGNATURE_BYTES = 16

export function writeCursor(key: Buffer, position: Position): string {
  const payload = Buffer.from(JSON.stringify([position.createdAt.getTime(), position.id]))
  return `${payload.toString('base64url')}.${sign(key, payload).toString('base64url')}`
}

/** @throws DewpointError input.invalid for anything this server did not write. */
export function readCursor(key: Buffer, cursor: string): Position {
  const [head, tail, ...rest] = cursor.split('.')
  const payload = Buffer.from(head ?? '', 'base64url')
  const signature = Buffer.from(tail ?? '', 'base64url')
  const isGenuine =
    rest.length === 0 && signature.length === SIGNATURE_BYTES && timingSafeEqual(signature, sign(key, payload))
  if (!isGenuine)
    throw new DewpointError('input.invalid', 'cursor: not one this server gave; load the list from its start')
  const [createdAtMs, id] = payloadSchema.parse(JSON.parse(payload.toString()))
  return { createdAt: new Date(createdAtMs), id }
}

function sign(key: Buffer, payload: Buffer): Buffer {
  return createHmac('sha256', key).update('cursor\0').update(payload).digest().subarray(0, SIGNATURE_BYTES)
}
