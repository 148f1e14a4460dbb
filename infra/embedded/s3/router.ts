// Which operation a request asks for. A query parameter no operation knows is NotImplemented: `?acl` must not answer as a GET.

import type { S3Request } from './http/parse-request.ts'
import { S3Error } from './http/s3-error.ts'
import { createBucket, deleteBucket, getBucketLocation, headBucket, listBuckets } from './operations/buckets.ts'
import { completeMultipartUpload } from './operations/complete-multipart-upload.ts'
import type { Operation } from './operations/context.ts'
import { copyObject } from './operations/copy-object.ts'
import { deleteObject, deleteObjects } from './operations/delete-objects.ts'
import { getObject } from './operations/get-object.ts'
import { listObjects } from './operations/list-objects.ts'
import { abortMultipartUpload, createMultipartUpload, listParts, uploadPart } from './operations/multipart.ts'
import { putObject } from './operations/put-object.ts'

interface Route {
  readonly method: string
  readonly on: 'service' | 'bucket' | 'object'
  /** Parameters (or the header) that must be there for this route. */
  readonly with?: readonly string[]
  readonly header?: string
  /** Further parameters it understands. */
  readonly may?: readonly string[]
  readonly run: Operation
}

const LIST = [
  'list-type',
  'prefix',
  'delimiter',
  'max-keys',
  'start-after',
  'continuation-token',
  'encoding-type',
  'fetch-owner',
]
const READ = ['cache-control', 'content-disposition', 'content-encoding', 'content-language', 'content-type', 'expires']
const OVERRIDES = READ.map((name) => `response-${name}`)

/** First match wins: the more particular come first. */
const ROUTES: readonly Route[] = [
  { method: 'GET', on: 'service', run: listBuckets },
  { method: 'GET', on: 'bucket', with: ['location'], run: getBucketLocation },
  { method: 'GET', on: 'bucket', may: LIST, run: listObjects },
  { method: 'HEAD', on: 'bucket', run: headBucket },
  { method: 'PUT', on: 'bucket', run: createBucket },
  { method: 'DELETE', on: 'bucket', run: deleteBucket },
  { method: 'POST', on: 'bucket', with: ['delete'], run: deleteObjects },
  { method: 'POST', on: 'object', with: ['uploads'], run: createMultipartUpload },
  { method: 'POST', on: 'object', with: ['uploadId'], run: completeMultipartUpload },
  { method: 'GET', on: 'object', with: ['uploadId'], may: ['max-parts', 'part-number-marker'], run: listParts },
  { method: 'DELETE', on: 'object', with: ['uploadId'], run: abortMultipartUpload },
  { method: 'PUT', on: 'object', header: 'x-amz-copy-source', run: copyObject },
  { method: 'PUT', on: 'object', with: ['uploadId', 'partNumber'], run: uploadPart },
  { method: 'PUT', on: 'object', run: putObject },
  { method: 'GET', on: 'object', may: OVERRIDES, run: getObject },
  { method: 'HEAD', on: 'object', may: OVERRIDES, run: getObject },
  { method: 'DELETE', on: 'object', run: deleteObject },
]

export function route(request: S3Request): Operation {
  const on = request.bucket === null ? 'service' : request.key === null ? 'bucket' : 'object'
  const asked = Object.keys(request.query).filter((name) => name !== 'x-id' && !/^x-amz-/i.test(name))
  const candidates = ROUTES.filter((candidate) => candidate.method === request.method && candidate.on === on)
  if (candidates.length === 0) {
    throw new S3Error('MethodNotAllowed', 'The specified method is not allowed against this resource.')
  }
  const found = candidates.find(
    ({ with: must = [], header }) =>
      must.every((name) => asked.includes(name)) && (header === undefined || request.headers[header] !== undefined),
  )
  const known = [...(found?.with ?? []), ...(found?.may ?? [])]
  const unknown = asked.filter((name) => !known.includes(name))
  if (found === undefined || unknown.length > 0) {
    throw new S3Error('NotImplemented', `The embedded endpoint does not implement ${request.method} with ${asked}.`)
  }
  return found.run
}
