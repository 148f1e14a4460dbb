// The key scheme, chosen by the server alone: no client ever names a key. Prefixes are what lifecycle rules match on.
// Keys are stored in rows, so a picture keeps its key when a guest's pictures move to an account.

/** Uploads nobody has looked into yet; whatever is older than a day here may be deleted. */
export const QUARANTINE_PREFIX = 'quarantine/'
export const INPUTS_PREFIX = 'inputs/'
export const USERS_PREFIX = 'u/'

/** Ids are UUIDs or better-auth's random ids: letters, digits, `-` and `_`. Anything else could step out of its prefix. */
const ID = /^[A-Za-z0-9_-]{1,128}$/

function id(value: string, what: string): string {
  if (!ID.test(value)) throw new RangeError(`A ${what} id is letters, digits, - and _, got ${JSON.stringify(value)}`)
  return value
}

/** A finished picture. The attempt is in the key, so a worker that lost its job can never overwrite the winner's bytes. */
export function imageKey(of: { userId: string; imageId: string; attempt: number }): string {
  if (!Number.isSafeInteger(of.attempt) || of.attempt < 1)
    throw new RangeError(`An attempt is 1 or more, got ${of.attempt}`)
  return `${USERS_PREFIX}${id(of.userId, 'user')}/${id(of.imageId, 'image')}/${of.attempt}.png`
}

/** A raw upload as the browser sent it: unread, untyped, never shown to anyone. */
export function quarantineKey(uploadId: string): string {
  return `${QUARANTINE_PREFIX}${id(uploadId, 'upload')}`
}

/** The decoded and re-encoded upload, at its own size. */
export function inputKey(of: { userId: string; uploadId: string }): string {
  return `${INPUTS_PREFIX}${id(of.userId, 'user')}/${id(of.uploadId, 'upload')}.png`
}

/** The upload fitted to one recipe's size, named by content: the worker's input. */
export function fittedInputKey(of: { userId: string; uploadId: string; sha256: string }): string {
  return `${INPUTS_PREFIX}${id(of.userId, 'user')}/${id(of.uploadId, 'upload')}/${id(of.sha256, 'content')}.png`
}

/** Everything of one person's: what they made and what they brought. */
export function userPrefixes(userId: string): string[] {
  return [`${USERS_PREFIX}${id(userId, 'user')}/`, `${INPUTS_PREFIX}${id(userId, 'user')}/`]
}
