// From an HTTP request line to bucket, key, query and headers. Path style only: http://host/bucket/key.
import type { IncomingMessage } from 'node:http'
import { S3Error } from './s3-error.ts'

export interface S3Request {
  readonly method: string
  readonly bucket: string | null
  readonly key: string | null
  /** The path, percent-encoded as SigV4 wants it, whatever the client left unescaped. */
  readonly canonicalPath: string
  readonly query: Readonly<Record<string, string>>
  /** Lower-case names. x-amz-* parameters of a presigned URL count as headers, as they do on S3. */
  readonly headers: Readonly<Record<string, string>>
  readonly incoming: IncomingMessage
}

/** S3's limit, in UTF-8 bytes. */
const KEY_SIZE_MAX_BYTES = 1_024

export function parseRequest(incoming: IncomingMessage): S3Request {
  const target = incoming.url ?? '/'
  const at = target.indexOf('?')
  const path = decode(at === -1 ? target : target.slice(0, at))
  if (!path.startsWith('/')) throw new S3Error('InvalidURI', "Couldn't parse the specified URI.")
  const query = parseQuery(at === -1 ? '' : target.slice(at + 1))

  const slash = path.indexOf('/', 1)
  const bucket = slash === -1 ? path.slice(1) : path.slice(1, slash)
  const key = slash === -1 ? '' : path.slice(slash + 1)
  if (Buffer.byteLength(key) > KEY_SIZE_MAX_BYTES) throw new S3Error('KeyTooLongError', 'Your key is too long.')

  return {
    method: incoming.method ?? '',
    bucket: bucket === '' ? null : bucket,
    key: key === '' ? null : key,
    canonicalPath: path.split('/').map(encode).join('/'),
    query,
    headers: parseHeaders(incoming, query),
    incoming,
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    throw new S3Error('InvalidURI', "Couldn't parse the specified URI.", { cause: error })
  }
}

/** RFC 3986: encodeURIComponent leaves five characters alone that SigV4 escapes. */
export const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

function parseQuery(text: string): Record<string, string> {
  const query: Record<string, string> = Object.create(null)
  for (const pair of text.split('&')) {
    if (pair === '') continue
    const at = pair.indexOf('=')
    const name = decode((at === -1 ? pair : pair.slice(0, at)).replaceAll('+', ' '))
    if (name in query) throw new S3Error('InvalidArgument', `The parameter ${name} was given twice.`)
    query[name] = at === -1 ? '' : decode(pair.slice(at + 1).replaceAll('+', ' '))
  }
  return query
}

function parseHeaders(incoming: IncomingMessage, query: Record<string, string>): Record<string, string> {
  const headers: Record<string, string> = Object.create(null)
  for (const [name, value] of Object.entries(query)) {
    const lower = name.toLowerCase()
    if (lower.startsWith('x-amz-')) headers[lower] = value
  }
  for (const [name, values] of Object.entries(incoming.headersDistinct)) {
    if (values !== undefined) headers[name] = values.join(',')
  }
  return headers
}
