// One mapping from what the AWS SDK throws to what the product says. Missing is null, everything else is `storage.unavailable`.
import { S3ServiceException } from '@aws-sdk/client-s3'
import { DewpointError } from '#contracts/errors.ts'

/** A missing object; a missing bucket is a broken set-up and stays an error. HEAD has no body, so S3 calls it NotFound. */
export function isMissing(error: unknown): boolean {
  return error instanceof S3ServiceException && (error.name === 'NoSuchKey' || error.name === 'NotFound')
}

/** Runs one call against the store; `what` says in the log what was being tried. */
export async function mapStorageErrors<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (error instanceof RangeError || isAbort(error)) throw error
    throw new DewpointError('storage.unavailable', `Storage failed to ${what}: ${describe(error)}`, { cause: error })
  }
}

/** As mapStorageErrors, with null for a missing object. */
export async function nullIfMissing<T>(what: string, call: () => Promise<T>): Promise<T | null> {
  return mapStorageErrors(what, async () => {
    try {
      return await call()
    } catch (error) {
      if (isMissing(error)) return null
      throw error
    }
  })
}

/** The caller's own cancel, which is not the store's failure; a time-out inside the SDK is a TimeoutError and is. */
const isAbort = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError'

function describe(error: unknown): string {
  if (error instanceof S3ServiceException) return `${error.$metadata.httpStatusCode ?? 'no answer'} ${error.name}`
  return error instanceof Error ? error.message || error.name : String(error)
}
