// What an operation gets: the parsed and authenticated request, the stores, and ways to answer.
import type { ServerResponse } from 'node:http'
import type { ObjectStore } from '../disk/object-store.ts'
import type { UploadStore } from '../disk/upload-store.ts'
import type { S3Request } from '../http/parse-request.ts'
import { S3Error } from '../http/s3-error.ts'
import { writeXml, type XmlValue } from '../http/xml.ts'
import type { ReceivedBody } from './receive-body.ts'

export interface Context {
  readonly request: S3Request
  readonly response: ServerResponse
  readonly objects: ObjectStore
  readonly uploads: UploadStore
  readonly region: string
  readonly now: () => Date
  /** Starts the body; the client of an `Expect: 100-continue` sends it only then. */
  receive(options?: { hasBodyChecksum?: boolean }): ReceivedBody
}

/** One S3 operation: answers, or throws. */
export type Operation = (context: Context) => Promise<void>

/** Everything here belongs to the one key there is. */
export const OWNER = { ID: 'dewpoint', DisplayName: 'dewpoint' } as const

export function bucketOf({ bucket }: S3Request): string {
  if (bucket === null) throw new S3Error('InvalidBucketName', 'The specified bucket is not valid.')
  return bucket
}

export function objectOf(request: S3Request): { bucket: string; key: string } {
  if (request.key === null) throw new S3Error('InvalidURI', 'The request names no key.')
  return { bucket: bucketOf(request), key: request.key }
}

export function sendXml(response: ServerResponse, root: string, content: { readonly [name: string]: XmlValue }): void {
  const xml = writeXml(root, content)
  response.writeHead(200, { 'Content-Type': 'application/xml', 'Content-Length': Buffer.byteLength(xml) }).end(xml)
}

export function sendEmpty(response: ServerResponse, status: 200 | 204, headers: Record<string, string> = {}): void {
  response.writeHead(status, status === 204 ? headers : { ...headers, 'Content-Length': '0' }).end()
}
