// The row of a saving under way, read back as what was declared.
import { z } from 'zod'
import { beginSavingSchema } from '#contracts/device-picture.ts'
import type { Db, Tx } from '../db/client.ts'

/** Quarantine keys by index of the picture. */
const sourceKeysSchema = z.record(z.string(), z.string())
export type SourceKeys = Readonly<Record<string, string>>

/** @throws ZodError when a row holds something else. */
export function readSourceKeys(stored: unknown): SourceKeys {
  return sourceKeysSchema.parse(stored)
}

export interface Saving {
  readonly requestHash: string
  readonly request: z.output<typeof beginSavingSchema>
  readonly sourceKeys: SourceKeys
}

/** null: never begun by this person, or a day ago. */
export async function readSaving(
  db: Db | Tx,
  { userId, key }: { readonly userId: string; readonly key: string },
): Promise<Saving | null> {
  // Oldest first: an account may hold the key twice where a guest of theirs began the same pictures.
  const row = await db.deviceSaving.findFirst({
    where: { userId, idempotencyKey: key },
    orderBy: { createdAt: 'asc' },
    select: { requestHash: true, request: true, sourceKeys: true },
  })
  if (row === null) return null
  return {
    requestHash: row.requestHash,
    request: beginSavingSchema.parse(row.request),
    sourceKeys: readSourceKeys(row.sourceKeys),
  }
}
