// CompleteMultipartUpload: the parts named, in order, become one object, or nothing happens.
import { createHash } from 'node:crypto'
import type { PartFooter } from '../disk/upload-store.ts'
import { S3Error } from '../http/s3-error.ts'
import { children, readXml, text } from '../http/xml.ts'
import { checkWrite } from './conditions.ts'
import { type Operation, sendXml } from './context.ts'
import { checksumElement, checksumElementName, requireUpload } from './multipart.ts'
import { checkParts } from './multipart-checksum.ts'
import { receiveDocument } from './receive-body.ts'

/** 10,000 parts with the longest checksums take 3 MB. */
const DOCUMENT_SIZE_MAX_BYTES = 4 * 1024 * 1024
/** S3's limit for every part but the last. */
const PART_SIZE_MIN_BYTES = 5 * 1024 * 1024

interface NamedPart {
  readonly partNumber: number
  readonly etag: string
  readonly checksums: Readonly<Record<string, unknown>>
}

export const completeMultipartUpload: Operation = async (context) => {
  const { request, response, objects, uploads, receive, now } = context
  const { uploadId, bucket, key, upload } = await requireUpload(context)
  const document = await receiveDocument(receive({ hasBodyChecksum: false }), DOCUMENT_SIZE_MAX_BYTES)
  const named = readNamedParts(readXml(document, 'CompleteMultipartUpload'))

  const object = await uploads.exclusive(uploadId, async () => {
    // Another complete or an abort may have been first.
    await uploads.require(uploadId, bucket, key)
    const parts = matchParts(named, await uploads.listParts(uploadId))
    const { bytes, checksum } = await checkParts(uploads.readParts(uploadId, parts), { request, upload, parts })
    const done = await objects.put({
      bucket,
      key,
      bytes,
      headers: upload.headers,
      allow: (current) => checkWrite(request.headers, current),
      describe: async () => ({ etag: etagOfParts(parts), checksum: checksum() }),
      now,
    })
    await uploads.remove(uploadId)
    return done
  })
  sendXml(response, 'CompleteMultipartUploadResult', {
    Location: `http://${request.headers.host}${request.canonicalPath}`,
    Bucket: bucket,
    Key: key,
    ETag: object.etag,
    ...checksumElement(object.checksum),
  })
}

function readNamedParts(document: Record<string, unknown>): NamedPart[] {
  const parts = children(document, 'Part').map((part) => ({
    partNumber: Number(text(part, 'PartNumber')),
    etag: (text(part, 'ETag') ?? '').replaceAll('"', '').trim(),
    checksums: part,
  }))
  if (parts.length === 0) throw new S3Error('MalformedXML', 'You must specify at least one part')
  const isAscending = parts.every((part, at) => part.partNumber > (parts[at - 1]?.partNumber ?? 0))
  if (!isAscending) {
    throw new S3Error(
      'InvalidPartOrder',
      'The list of parts was not in ascending order. Parts must be ordered by part number.',
    )
  }
  return parts
}

function matchParts(named: NamedPart[], stored: PartFooter[]): PartFooter[] {
  const byNumber = new Map(stored.map((part) => [part.partNumber, part]))
  const parts = named.map(({ partNumber, etag, checksums }) => {
    const part = byNumber.get(partNumber)
    const given = part?.checksum == null ? undefined : checksums[checksumElementName(part.checksum.algorithm)]
    if (part === undefined || part.etag !== `"${etag}"` || (given !== undefined && given !== part.checksum?.base64)) {
      throw new S3Error('InvalidPart', `Part ${partNumber} could not be found, or its entity tag or checksum differs.`)
    }
    return part
  })
  if (parts.slice(0, -1).some(({ sizeBytes }) => sizeBytes < PART_SIZE_MIN_BYTES)) {
    throw new S3Error('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size: 5 MiB a part.')
  }
  return parts
}

/** S3's rule: the MD5 of the parts' MD5s, and how many there were. */
function etagOfParts(parts: PartFooter[]): string {
  const md5 = createHash('md5')
  for (const part of parts) md5.update(Buffer.from(part.etag.replaceAll('"', ''), 'hex'))
  return `"${md5.digest('hex')}-${parts.length}"`
}
