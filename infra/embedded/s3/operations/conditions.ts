// If-Match, If-None-Match and their date cousins, in the order of RFC 9110 §13.2.2.
import type { ObjectFooter } from '../disk/object-store.ts'
import type { S3Request } from '../http/parse-request.ts'
import { S3Error } from '../http/s3-error.ts'

/** For GET and HEAD: throws PreconditionFailed, or NotModified (304). */
export function checkRead(headers: S3Request['headers'], object: ObjectFooter): void {
  // HTTP dates have no milliseconds.
  const modifiedMs = Math.floor(Date.parse(object.lastModified) / 1_000) * 1_000
  const ifMatch = headers['if-match']
  const ifNoneMatch = headers['if-none-match']
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, object.etag)) throw failed('If-Match')
  } else if (modifiedMs > dateOf(headers['if-unmodified-since'], Number.POSITIVE_INFINITY)) {
    throw failed('If-Unmodified-Since')
  }
  if (ifNoneMatch !== undefined) {
    if (matches(ifNoneMatch, object.etag)) throw new S3Error('NotModified', 'Not Modified')
  } else if (modifiedMs <= dateOf(headers['if-modified-since'], Number.NEGATIVE_INFINITY)) {
    throw new S3Error('NotModified', 'Not Modified')
  }
}

/** For PUT and CompleteMultipartUpload: what may be replaced. `If-None-Match` takes `*` only, as on S3. */
export function checkWrite(headers: S3Request['headers'], current: ObjectFooter | null): void {
  const ifMatch = headers['if-match']
  const ifNoneMatch = headers['if-none-match']
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*') {
    throw new S3Error('NotImplemented', 'On writes If-None-Match takes * only.')
  }
  if (ifNoneMatch !== undefined && current !== null) throw failed('If-None-Match')
  if (ifMatch === undefined) return
  if (current === null) throw new S3Error('NoSuchKey', 'The specified key does not exist.')
  if (!matches(ifMatch, current.etag)) throw failed('If-Match')
}

function matches(header: string, etag: string): boolean {
  if (header.trim() === '*') return true
  const bare = (tag: string) => tag.trim().replace(/^W\//, '').replaceAll('"', '')
  return header.split(',').some((tag) => bare(tag) === bare(etag))
}

function dateOf(header: string | undefined, otherwise: number): number {
  const ms = header === undefined ? Number.NaN : Date.parse(header)
  return Number.isNaN(ms) ? otherwise : ms
}

const failed = (condition: string): S3Error =>
  new S3Error('PreconditionFailed', `At least one of the pre-conditions you specified did not hold: ${condition}`)
