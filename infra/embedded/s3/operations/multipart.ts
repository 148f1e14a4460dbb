// CreateMultipartUpload, UploadPart, ListParts, AbortMultipartUpload. Completion has its own file.
import { CHECKSUM_ALGORITHMS, type Checksum, type ChecksumAlgorithm, checksumHeader } from '../http/checksums.ts'
import { readObjectHeaders, refuseUnimplemented } from '../http/object-headers.ts'
import { S3Error } from '../http/s3-error.ts'
import type { XmlValue } from '../http/xml.ts'
import { type Context, type Operation, objectOf, sendEmpty, sendXml } from './context.ts'

export const PART_NUMBER_MAX = 10_000

export const createMultipartUpload: Operation = async ({ request, response, objects, uploads }) => {
  refuseUnimplemented(request)
  const { bucket, key } = objectOf(request)
  await objects.requireBucket(bucket)
  const checksumAlgorithm = readAlgorithm(request.headers['x-amz-checksum-algorithm'])
  const type = request.headers['x-amz-checksum-type']
  const uploadId = await uploads.create({
    bucket,
    key,
    headers: readObjectHeaders(request),
    checksumAlgorithm,
    ...(type === undefined ? {} : { checksumType: type }),
  })
  if (checksumAlgorithm !== null) response.setHeader('x-amz-checksum-algorithm', checksumAlgorithm.toUpperCase())
  sendXml(response, 'InitiateMultipartUploadResult', { Bucket: bucket, Key: key, UploadId: uploadId })
}

export const uploadPart: Operation = async (context) => {
  const { request, response, uploads, receive, now } = context
  const { uploadId } = await requireUpload(context)
  const partNumber = Number(request.query.partNumber)
  if (!Number.isInteger(partNumber) || partNumber < 1 || partNumber > PART_NUMBER_MAX) {
    throw new S3Error('InvalidArgument', `Part number must be an integer between 1 and ${PART_NUMBER_MAX}, inclusive`)
  }
  const body = receive()
  const part = await uploads.putPart(uploadId, { partNumber, bytes: body.bytes, checksum: body.checksum, now })
  sendEmpty(response, 200, {
    ETag: part.etag,
    ...(part.checksum === null ? {} : { [checksumHeader(part.checksum.algorithm)]: part.checksum.base64 }),
  })
}

export const listParts: Operation = async (context) => {
  const { request, response, uploads } = context
  const { uploadId, bucket, key } = await requireUpload(context)
  const marker = readCount(request.query['part-number-marker'], 0)
  const maxParts = Math.min(readCount(request.query['max-parts'], 1_000), 1_000)
  const rest = (await uploads.listParts(uploadId)).filter(({ partNumber }) => partNumber > marker)
  const parts = rest.slice(0, maxParts)
  sendXml(response, 'ListPartsResult', {
    Bucket: bucket,
    Key: key,
    UploadId: uploadId,
    PartNumberMarker: marker,
    NextPartNumberMarker: parts.at(-1)?.partNumber,
    MaxParts: maxParts,
    IsTruncated: parts.length < rest.length,
    Part: parts.map((part) => ({
      PartNumber: part.partNumber,
      LastModified: part.lastModified,
      ETag: part.etag,
      Size: part.sizeBytes,
      ...checksumElement(part.checksum),
    })),
  })
}

export const abortMultipartUpload: Operation = async (context) => {
  const { uploadId } = await requireUpload(context)
  await context.uploads.exclusive(uploadId, () => context.uploads.remove(uploadId))
  sendEmpty(context.response, 204)
}

export async function requireUpload({ request, objects, uploads }: Context) {
  const { bucket, key } = objectOf(request)
  await objects.requireBucket(bucket)
  const uploadId = request.query.uploadId ?? ''
  return { uploadId, bucket, key, upload: await uploads.require(uploadId, bucket, key) }
}

/** `ChecksumCRC32` and so on. */
export const checksumElementName = (algorithm: ChecksumAlgorithm): string => `Checksum${algorithm.toUpperCase()}`

export const checksumElement = (checksum: Checksum | null): Record<string, XmlValue> =>
  checksum === null ? {} : { [checksumElementName(checksum.algorithm)]: checksum.base64 }

function readAlgorithm(header: string | undefined): ChecksumAlgorithm | null {
  if (header === undefined) return null
  const found = CHECKSUM_ALGORITHMS.find((algorithm) => algorithm === header.toLowerCase())
  if (found === undefined) throw new S3Error('InvalidRequest', `Checksum algorithm ${header} is not known.`)
  return found
}

function readCount(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise
  if (!/^\d{1,9}$/.test(text)) throw new S3Error('InvalidArgument', 'A part number is a whole number.')
  return Number(text)
}
