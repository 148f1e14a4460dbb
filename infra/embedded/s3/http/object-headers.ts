// The headers a client stores with an object and gets back with it.
import type { S3Request } from './parse-request.ts'
import { S3Error } from './s3-error.ts'

const STORED = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
]
const METADATA_PREFIX = 'x-amz-meta-'

/** Asking for these and not getting them would be worse than an error. */
const NOT_IMPLEMENTED = [
  /^x-amz-server-side-encryption/,
  /^x-amz-object-lock/,
  /^x-amz-grant-/,
  /^x-amz-tagging$/,
  /^x-amz-website-redirect-location$/,
  /^x-amz-write-offset-bytes$/,
  /^x-amz-copy-source-(?:if|range|server)/,
]

export function readObjectHeaders({ headers }: S3Request): Record<string, string> {
  const stored: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (STORED.includes(name) || name.startsWith(METADATA_PREFIX)) stored[name] = checkValue(name, value)
  }
  // aws-chunked describes the transfer and not the object.
  const encoding = (stored['content-encoding'] ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== 'aws-chunked' && part !== '')
  if (encoding.length > 0) stored['content-encoding'] = encoding.join(',')
  else delete stored['content-encoding']
  return { 'content-type': 'binary/octet-stream', ...stored }
}

export function refuseUnimplemented({ headers }: S3Request): void {
  const asked = Object.keys(headers).find((name) => NOT_IMPLEMENTED.some((pattern) => pattern.test(name)))
  const isOtherAcl = (headers['x-amz-acl'] ?? 'private') !== 'private'
  const isOtherClass = (headers['x-amz-storage-class'] ?? 'STANDARD') !== 'STANDARD'
  const name = asked ?? (isOtherAcl ? 'x-amz-acl' : isOtherClass ? 'x-amz-storage-class' : undefined)
  if (name === undefined) return
  throw new S3Error('NotImplemented', `A header you provided implies functionality that is not implemented: ${name}`)
}

/** `response-content-disposition=…` in a signed query replaces what is stored. */
export function responseOverrides({ query }: S3Request): Record<string, string> {
  const overrides: Record<string, string> = {}
  for (const name of STORED) {
    const value = query[`response-${name}`]
    if (value !== undefined) overrides[name] = checkValue(name, value)
  }
  return overrides
}

/** A presigned query can hold characters no header can; said now, not when somebody reads the object. */
function checkValue(name: string, value: string): string {
  if (/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) return value
  throw new S3Error('InvalidArgument', `The value of ${name} holds characters a header cannot carry.`)
}
