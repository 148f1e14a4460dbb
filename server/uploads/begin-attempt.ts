// The lock on one upload, in its row, so that it holds between processes: one attempt to read it at a time, three in all.
import { DewpointError } from '#contracts/errors.ts'
import type { Db } from '../db/client.ts'

const ATTEMPTS_MAX = 3
/** Longer than decoding may take and its slot be waited for; after it whoever held the lock is taken to be gone. */
const BUSY_S = 120

export interface Attempt {
  /** A failure that says nothing of the picture (storage away, hung up) is given back. */
  end(outcome: 'failed' | 'given back'): Promise<void>
}

/** @throws DewpointError requests.too-many (it is being read), upload.unreadable (tried three times) */
export async function beginAttempt(db: Db, uploadId: string): Promise<Attempt> {
  const begun = await db.$executeRaw`
    UPDATE upload SET attempts = attempts + 1, busy_until = clock_timestamp() + make_interval(secs => ${BUSY_S}::float8)
     WHERE id = ${uploadId}::uuid AND status = 'pending' AND attempts < ${ATTEMPTS_MAX}::int
       AND (busy_until IS NULL OR busy_until < clock_timestamp())`
  if (begun === 0) {
    const row = await db.upload.findUnique({ where: { id: uploadId }, select: { attempts: true, busyUntil: true } })
    if (row !== null && row.busyUntil === null && row.attempts >= ATTEMPTS_MAX) {
      throw new DewpointError('upload.unreadable', `Tried ${ATTEMPTS_MAX} times; upload it again`)
    }
    const detail = `Upload ${uploadId} is being read already; ask again in 2 s`
    throw new DewpointError('requests.too-many', detail, { retryAfterS: 2 })
  }
  return {
    async end(outcome) {
      await db.upload.updateMany({
        where: { id: uploadId, status: 'pending' },
        data: { busyUntil: null, ...(outcome === 'given back' ? { attempts: { decrement: 1 } } : {}) },
      })
    },
  }
}
