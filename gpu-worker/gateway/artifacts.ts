// Bytes to and from the bucket through presigned URLs; the only credentials a worker ever holds are inside such a URL.
import { createHash } from 'node:crypto'
import { UPLOAD_SIZE_MAX_BYTES } from '#contracts/limits.ts'

/** A transfer that takes longer is stuck: a picture is a few megabytes. */
const TRANSFER_TIMEOUT_MS = 60_000
/** A prepared input is a PNG of the recipe's size; an original upload may not be larger either. */
const INPUT_SIZE_MAX_BYTES = 2 * UPLOAD_SIZE_MAX_BYTES

/** The bucket answered, but not with what was asked for. */
export class ArtifactError extends Error {
  override readonly name = 'ArtifactError'
  readonly status: number
  constructor(what: string, status: number) {
    super(`${what}: the bucket answered ${status}`)
    this.status = status
  }
}

/** Downloads an input picture and checks that it is the one the recipe names. */
export async function downloadInput(url: string, sha256: string, signal: AbortSignal): Promise<Uint8Array> {
  const response = await fetch(url, { signal: limit(signal) })
  if (!response.ok) throw new ArtifactError('Downloading the input picture', response.status)
  if (Number(response.headers.get('content-length') ?? 0) > INPUT_SIZE_MAX_BYTES) {
    await response.body?.cancel()
    throw new RangeError(
      `An input picture has at most ${INPUT_SIZE_MAX_BYTES} bytes, got ${response.headers.get('content-length')}`,
    )
  }
  const bytes = new Uint8Array(await response.arrayBuffer())
  const actual = createHash('sha256').update(bytes).digest('hex')
  if (actual !== sha256) throw new RangeError(`The input picture has SHA-256 ${actual}, the recipe names ${sha256}`)
  return bytes
}

export async function uploadPicture(
  { url, headers }: { url: string; headers: Record<string, string> },
  png: Uint8Array<ArrayBuffer>,
  signal: AbortSignal,
): Promise<void> {
  const response = await fetch(url, { method: 'PUT', headers, body: png, signal: limit(signal) })
  await response.body?.cancel()
  if (!response.ok) throw new ArtifactError('Uploading the picture', response.status)
}

/** No connection, a bucket in trouble, or a URL that ran out (403): a fresh URL may do. */
export function isTransferRetryable(error: unknown): boolean {
  if (error instanceof ArtifactError) return error.status >= 500 || error.status === 403 || error.status === 429
  return error instanceof TypeError || (error instanceof Error && error.name === 'TimeoutError')
}

const limit = (signal: AbortSignal) => AbortSignal.any([signal, AbortSignal.timeout(TRANSFER_TIMEOUT_MS)])
