// The place in the log a client says it has seen; it comes from outside, so it is looked at before it becomes a number.
import { DewpointError } from '#contracts/errors.ts'

/** PostgreSQL's bigint: 19 digits at most. */
const EVENT_ID = /^\d{1,18}$/

/** @throws DewpointError input.invalid */
export function readEventId(lastEventId: string | null | undefined): string | null {
  if (lastEventId === null || lastEventId === undefined || lastEventId === '') return null
  if (EVENT_ID.test(lastEventId)) return lastEventId
  throw new DewpointError('input.invalid', `lastEventId: not a place in the log: ${JSON.stringify(lastEventId)}`)
}
