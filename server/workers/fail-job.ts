// A worker could not make the image. The reason is for our log; the person sees the error table's words and pays nothing.
import type { z } from 'zod'
import { DewpointError } from '#contracts/errors.ts'
import type { failSchema } from '#contracts/worker-protocol.ts'
import type { Deps } from '../deps.ts'
import { endAttempt } from './end-attempt.ts'

/** @throws DewpointError attempt.stale */
export async function failJob(
  deps: Pick<Deps, 'db' | 'queue' | 'appUrl' | 'log'>,
  input: z.output<typeof failSchema>,
): Promise<{ ok: true }> {
  const { jobId, attempt, workerId, reason, retryable } = input
  const became = await deps.db.$transaction((tx) =>
    endAttempt(tx, deps, { jobId, attempt, workerId, isFailure: true, mayRetry: retryable }),
  )
  if (became === null) throw new DewpointError('attempt.stale', `Attempt ${attempt} of ${jobId} is over`)
  deps.log.warn({ jobId, attempt, reason, became }, 'a worker failed an image')
  return { ok: true }
}
