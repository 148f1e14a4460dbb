// DeleteObject and DeleteObjects. Deleting what is not there succeeds.

import { S3Error, toS3Error } from '../http/s3-error.ts'
import { children, readXml, text, type XmlValue } from '../http/xml.ts'
import { bucketOf, type Operation, objectOf, sendEmpty, sendXml } from './context.ts'
import { receiveDocument } from './receive-body.ts'

const KEYS_MAX = 1_000
/** 1,000 keys of 1,024 bytes, each of them written as `&#10;`, do not fit; 1,000 real ones do. */
const DOCUMENT_SIZE_MAX_BYTES = 2 * 1024 * 1024

export const deleteObject: Operation = async ({ request, response, objects }) => {
  refuseConditions(request.headers)
  const { bucket, key } = objectOf(request)
  await objects.delete(bucket, key)
  sendEmpty(response, 204)
}

export const deleteObjects: Operation = async ({ request, response, objects, receive }) => {
  const body = receive()
  const document = readXml(await receiveDocument(body, DOCUMENT_SIZE_MAX_BYTES), 'Delete')
  if (request.headers['content-md5'] === undefined && body.checksum() === null) {
    throw new S3Error('InvalidRequest', 'Missing required header for this request: Content-MD5 OR x-amz-checksum-*')
  }
  const entries = children(document, 'Object')
  if (entries.length === 0 || entries.length > KEYS_MAX) {
    throw new S3Error('MalformedXML', `DeleteObjects takes 1 to ${KEYS_MAX} keys.`)
  }
  const bucket = bucketOf(request)
  await objects.requireBucket(bucket)
  const Deleted: XmlValue[] = []
  const Errors: XmlValue[] = []
  for (const entry of entries) {
    const key = text(entry, 'Key')
    if (key === undefined || key === '') throw new S3Error('MalformedXML', 'An Object has no Key.')
    try {
      if (Object.keys(entry).some((name) => name !== 'Key' && name !== '#text')) {
        throw new S3Error('NotImplemented', 'Versions and conditions of DeleteObjects are not implemented.')
      }
      await objects.delete(bucket, key)
      Deleted.push({ Key: key })
    } catch (error) {
      const { code, message } = toS3Error(error)
      Errors.push({ Key: key, Code: code, Message: message })
    }
  }
  const isQuiet = text(document, 'Quiet')?.trim() === 'true'
  sendXml(response, 'DeleteResult', { Deleted: isQuiet ? undefined : Deleted, Error: Errors })
}

function refuseConditions(headers: Readonly<Record<string, string>>): void {
  if (headers['if-match'] !== undefined) throw new S3Error('NotImplemented', 'If-Match on deletes is not implemented.')
}
