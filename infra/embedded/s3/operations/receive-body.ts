// A request's body as the bytes the client meant, verified while they pass: length, payload hash, Content-MD5, checksum,
// chunk signatures. The stream ends cleanly only when all of them held, so whoever stores it commits after the end.
import { createHash } from 'node:crypto'
import { type Authenticated, type Credentials, UNSIGNED_PAYLOAD } from '../auth/authenticate.ts'
import { createChunkVerifier } from '../auth/chunk-signatures.ts'
import {
  algorithmOfHeader,
  type Checksum,
  type ChecksumAlgorithm,
  checksumHeader,
  startChecksum,
} from '../http/checksums.ts'
import { decodeChunks } from '../http/chunked-body.ts'
import type { S3Request } from '../http/parse-request.ts'
import { S3Error } from '../http/s3-error.ts'

export interface ReceivedBody {
  readonly bytes: AsyncIterable<Uint8Array>
  /** What the client announced and the bytes bore out; known after the end of `bytes`. */
  checksum(): Checksum | null
}

/** S3's limit for one PUT or one part. */
const BODY_SIZE_MAX_BYTES = 5 * 1024 ** 3

export interface ReceiveOptions {
  readonly authenticated: Authenticated
  readonly credentials: Credentials
  /** False where x-amz-checksum-* speaks of an object and not of this body: CompleteMultipartUpload. */
  readonly hasBodyChecksum?: boolean
}

export function receiveBody(
  request: S3Request,
  { authenticated, credentials, hasBodyChecksum = true }: ReceiveOptions,
): ReceivedBody {
  const { payload } = authenticated
  const isChunked = payload.startsWith('STREAMING-')
  const sizeBytes = announcedSize(request, isChunked ? 'x-amz-decoded-content-length' : 'content-length')
  const trailers = payload.endsWith('-TRAILER') ? new Map<string, string>() : null
  const algorithm = hasBodyChecksum ? announcedAlgorithm(request, trailers !== null) : null
  let checksum: Checksum | null = null

  async function* verified(): AsyncGenerator<Uint8Array> {
    // Leaving a stream early destroys it, and with it the connection the error still has to travel on.
    const raw: AsyncIterable<Uint8Array> = request.incoming.iterator({ destroyOnReturn: false })
    const source = isChunked ? decodeChunks(raw, chunkOptions()) : raw
    const sha256 = isChunked || payload === UNSIGNED_PAYLOAD ? null : createHash('sha256')
    const md5 = request.headers['content-md5'] === undefined ? null : createHash('md5')
    const running = algorithm === null ? null : startChecksum(algorithm)
    let count = 0
    for await (const piece of source) {
      count += piece.length
      if (count > sizeBytes)
        throw new S3Error('IncompleteBody', `The body is longer than the ${sizeBytes} bytes announced.`)
      sha256?.update(piece)
      md5?.update(piece)
      running?.update(piece)
      yield piece
    }
    if (count < sizeBytes)
      throw new S3Error('IncompleteBody', `The body has ${count} of the ${sizeBytes} bytes announced.`)
    if (sha256 !== null) checkPayloadHash(payload, sha256.digest('hex'))
    if (md5 !== null) checkMd5(request.headers['content-md5'] ?? '', md5.digest('base64'))
    if (algorithm === null || running === null) return
    checksum = { algorithm, base64: await running.base64() }
    checkChecksum(checksum, trailers?.get(checksumHeader(algorithm)) ?? request.headers[checksumHeader(algorithm)])
  }

  function chunkOptions() {
    const verifier = payload.startsWith('STREAMING-AWS4-HMAC-SHA256-PAYLOAD')
      ? createChunkVerifier(authenticated, credentials)
      : null
    if (verifier === null && payload !== 'STREAMING-UNSIGNED-PAYLOAD-TRAILER') {
      throw new S3Error('NotImplemented', `The payload mode ${payload} is not implemented.`)
    }
    return { verifier, trailers }
  }

  return { bytes: verified(), checksum: () => checksum }
}

/** The whole body in memory, for the few requests that carry XML. */
export async function receiveDocument(body: ReceivedBody, sizeMaxBytes: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of body.bytes) {
    size += piece.length
    if (size > sizeMaxBytes) throw new S3Error('EntityTooLarge', `The document is longer than ${sizeMaxBytes} bytes.`)
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

function announcedSize(request: S3Request, header: string): number {
  const text = request.headers[header]
  if (text === undefined) throw new S3Error('MissingContentLength', `You must provide the ${header} HTTP header.`)
  const size = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(size)) {
    throw new S3Error('InvalidArgument', `${header} must be a whole number.`)
  }
  if (size > BODY_SIZE_MAX_BYTES) throw new S3Error('EntityTooLarge', 'One upload holds at most 5 GiB; use parts.')
  return size
}

/** From x-amz-checksum-* headers and the trailers x-amz-trailer promises. */
export function announcedAlgorithm(request: S3Request, hasTrailer: boolean): ChecksumAlgorithm | null {
  const names = Object.keys(request.headers)
  if (hasTrailer) names.push(...(request.headers['x-amz-trailer'] ?? '').split(',').map((name) => name.trim()))
  const algorithms = new Set(
    names.map((name) => algorithmOfHeader(name.toLowerCase())).filter((found) => found !== null),
  )
  if (algorithms.size > 1) {
    throw new S3Error(
      'InvalidRequest',
      'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
    )
  }
  return [...algorithms][0] ?? null
}

function checkPayloadHash(given: string, sha256: string): void {
  if (given.toLowerCase() === sha256) return
  throw new S3Error(
    'XAmzContentSHA256Mismatch',
    'The provided x-amz-content-sha256 header does not match what was computed.',
  )
}

function checkMd5(given: string, md5: string): void {
  if (given === md5) return
  if (Buffer.from(given, 'base64').length !== 16) throw new S3Error('InvalidDigest', 'The Content-MD5 is not valid.')
  throw new S3Error('BadDigest', 'The Content-MD5 you specified did not match what we received.')
}

function checkChecksum(computed: Checksum, given: string | undefined): void {
  if (given === computed.base64) return
  if (given === undefined || Buffer.from(given, 'base64').length !== Buffer.from(computed.base64, 'base64').length) {
    throw new S3Error('InvalidRequest', `Value for ${checksumHeader(computed.algorithm)} header is invalid.`)
  }
  throw new S3Error(
    'BadDigest',
    `The ${computed.algorithm.toUpperCase()} you specified did not match the calculated checksum.`,
  )
}
