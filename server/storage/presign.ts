// Presigned URLs: what a browser or a worker may do without credentials, bound to one key, one type, one length, five minutes.
// PUT and not a POST policy, because R2 and B2 have no POST policies.
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import type { Audience, PresignedPut, PresignGetOptions, PresignPutOptions } from './storage.ts'
import { mapStorageErrors } from './storage-error.ts'

/** A presigned URL works for whoever holds it, as often as they like: five minutes bounds what a leaked one is worth. */
export const PRESIGN_EXPIRY_MAX_S = 300

export interface Presigner {
  readonly bucket: string
  readonly client: S3Client
  readonly publicClient: S3Client
}

export async function presignPut(presigner: Presigner, options: PresignPutOptions): Promise<PresignedPut> {
  const { key, contentType, sizeBytes, sha256 } = options
  const expiresIn = checkExpiry(options.expiresInS)
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 1)
    throw new RangeError(`sizeBytes is 1 or more, got ${sizeBytes}`)
  if (sha256 !== undefined && !/^[0-9a-f]{64}$/.test(sha256)) {
    throw new RangeError(`sha256 is 64 lower-case hexadecimal digits, got ${JSON.stringify(sha256)}`)
  }
  const checksum = sha256 === undefined ? undefined : Buffer.from(sha256, 'hex').toString('base64')
  const signedAt = new Date()
  const url = await mapStorageErrors(`presign a PUT of ${key}`, () =>
    getSignedUrl(
      clientFor(presigner, options.audience),
      new PutObjectCommand({
        Bucket: presigner.bucket,
        Key: key,
        ContentType: contentType,
        ContentLength: sizeBytes,
        ...(checksum === undefined ? {} : { ChecksumSHA256: checksum }),
      }),
      {
        expiresIn,
        signingDate: signedAt,
        // The presigner leaves content-type out unless told; a header left out could be anything.
        signableHeaders: new Set(['content-type', 'content-length']),
        // As a header the store verifies it; moved into the query some stores ignore it.
        unhoistableHeaders: new Set(['x-amz-checksum-sha256']),
      },
    ),
  )
  return {
    url,
    headers: {
      'content-type': contentType,
      'content-length': String(sizeBytes),
      ...(checksum === undefined ? {} : { 'x-amz-checksum-sha256': checksum }),
    },
    expiresAt: new Date(signedAt.getTime() + expiresIn * 1_000),
  }
}

export async function presignGet(presigner: Presigner, options: PresignGetOptions): Promise<string> {
  const expiresIn = checkExpiry(options.expiresInS)
  return mapStorageErrors(`presign a GET of ${options.key}`, () =>
    getSignedUrl(
      clientFor(presigner, options.audience),
      new GetObjectCommand({ Bucket: presigner.bucket, Key: options.key }),
      { expiresIn },
    ),
  )
}

const clientFor = (presigner: Presigner, audience: Audience = 'public'): S3Client =>
  audience === 'public' ? presigner.publicClient : presigner.client

function checkExpiry(expiresInS: number = PRESIGN_EXPIRY_MAX_S): number {
  if (!Number.isInteger(expiresInS) || expiresInS < 1 || expiresInS > PRESIGN_EXPIRY_MAX_S) {
    throw new RangeError(`expiresInS is 1 to ${PRESIGN_EXPIRY_MAX_S}, got ${expiresInS}`)
  }
  return expiresInS
}
