// The checksum of an object made of parts: of all its bytes (FULL_OBJECT), or of its parts' checksums (COMPOSITE, written
// `base64-count`). https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
import type { PartFooter, Upload } from '../disk/upload-store.ts'
import { type Checksum, type ChecksumAlgorithm, checksumHeader, startChecksum } from '../http/checksums.ts'
import type { S3Request } from '../http/parse-request.ts'
import { S3Error } from '../http/s3-error.ts'
import { announcedAlgorithm } from './receive-body.ts'

export interface CheckedParts {
  readonly bytes: AsyncIterable<Uint8Array>
  /** Known after the end of `bytes`. */
  checksum(): Checksum | null
}

/** Passes the bytes on and holds them to what the client announced; BadDigest where they differ. */
export async function checkParts(
  source: AsyncIterable<Uint8Array>,
  { request, upload, parts }: { request: S3Request; upload: Upload; parts: readonly PartFooter[] },
): Promise<CheckedParts> {
  const algorithm = announcedAlgorithm(request, false) ?? upload.checksumAlgorithm
  if (algorithm === null) return { bytes: source, checksum: () => null }
  const given = request.headers[checksumHeader(algorithm)]
  // CRC64NVME exists for whole objects only.
  const usual = algorithm === 'crc64nvme' ? 'FULL_OBJECT' : 'COMPOSITE'
  const type = request.headers['x-amz-checksum-type'] ?? upload.checksumType ?? usual
  if (type === 'FULL_OBJECT') return checkWhole(source, algorithm, given)
  const checksum = await composite(algorithm, parts)
  if (given !== undefined && given.split('-')[0] !== checksum?.base64.split('-')[0]) throw badDigest()
  return { bytes: source, checksum: () => checksum }
}

function checkWhole(
  source: AsyncIterable<Uint8Array>,
  algorithm: ChecksumAlgorithm,
  given: string | undefined,
): CheckedParts {
  let checksum: Checksum | null = null
  async function* bytes() {
    const running = startChecksum(algorithm)
    for await (const piece of source) {
      running.update(piece)
      yield piece
    }
    checksum = { algorithm, base64: await running.base64() }
    if (given !== undefined && given !== checksum.base64) throw badDigest()
  }
  return { bytes: bytes(), checksum: () => checksum }
}

/** null where a part came without a checksum of this algorithm. */
async function composite(algorithm: ChecksumAlgorithm, parts: readonly PartFooter[]): Promise<Checksum | null> {
  const running = startChecksum(algorithm)
  for (const { checksum } of parts) {
    if (checksum?.algorithm !== algorithm) return null
    running.update(Buffer.from(checksum.base64, 'base64'))
  }
  return { algorithm, base64: `${await running.base64()}-${parts.length}`, isComposite: true }
}

const badDigest = (): S3Error =>
  new S3Error('BadDigest', 'The checksum you specified did not match the calculated checksum.')
