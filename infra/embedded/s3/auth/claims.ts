// What a request says about its own signature: who, when, over which headers. Nothing is believed until authenticate.ts is done.
import type { S3Request } from '../http/parse-request.ts'
import { S3Error } from '../http/s3-error.ts'

interface CommonClaims {
  readonly scope: { accessKeyId: string; date: string; region: string; service: string; terminator: string }
  readonly longDate: string
  readonly signedAt: Date
  readonly signedHeaders: Set<string>
  readonly signature: string
  /** The query without the parameters the signer adds by itself. */
  readonly unsignedQuery: Readonly<Record<string, string>>
}
export type SignatureClaims = CommonClaims &
  ({ readonly kind: 'header' } | { readonly kind: 'query'; readonly expiresInS: number })

const ALGORITHM = 'AWS4-HMAC-SHA256'
/** SigV4's own limit for presigned URLs. */
const EXPIRY_MAX_S = 7 * 24 * 60 * 60
const PRESIGN_PARAMETERS = [
  'X-Amz-Algorithm',
  'X-Amz-Credential',
  'X-Amz-Date',
  'X-Amz-Expires',
  'X-Amz-SignedHeaders',
  'X-Amz-Signature',
]

export function readHeaderClaims(request: S3Request): SignatureClaims | null {
  const header = request.headers.authorization
  if (header === undefined) return null
  const malformed = (message: string) => new S3Error('AuthorizationHeaderMalformed', message)
  if (!header.startsWith(`${ALGORITHM} `)) throw malformed(`The authorization type must be ${ALGORITHM}.`)
  const fields = new Map(
    header
      .slice(ALGORITHM.length)
      .split(',')
      .map((field) => field.trim())
      .map((field) => [field.slice(0, field.indexOf('=')), field.slice(field.indexOf('=') + 1)]),
  )
  const credential = fields.get('Credential')
  const signedHeaders = fields.get('SignedHeaders')
  const signature = fields.get('Signature')
  if (credential === undefined || signedHeaders === undefined || signature === undefined) {
    throw malformed('The authorization header requires Credential, SignedHeaders and Signature.')
  }
  const longDate = request.headers['x-amz-date']
  if (longDate === undefined)
    throw new S3Error('AccessDenied', 'AWS authentication requires a valid x-amz-date header.')
  return {
    kind: 'header',
    scope: readScope(credential, malformed),
    longDate,
    signedAt: readDate(longDate, malformed),
    signedHeaders: new Set(signedHeaders.split(';')),
    signature,
    unsignedQuery: request.query,
  }
}

export function readQueryClaims(request: S3Request): SignatureClaims | null {
  const { query } = request
  if (query['X-Amz-Algorithm'] === undefined) return null
  const malformed = (message: string) => new S3Error('AuthorizationQueryParametersError', message)
  if (request.headers.authorization !== undefined) {
    throw new S3Error('InvalidArgument', 'Only one auth mechanism allowed; both a header and a query were given.')
  }
  if (query['X-Amz-Algorithm'] !== ALGORITHM) throw malformed(`X-Amz-Algorithm must be ${ALGORITHM}.`)
  const field = (name: string): string => {
    const value = query[name]
    if (value === undefined) throw malformed(`A presigned URL requires ${name}.`)
    return value
  }
  const expiresInS = Number(field('X-Amz-Expires'))
  if (!/^\d+$/.test(field('X-Amz-Expires')) || expiresInS < 1 || expiresInS > EXPIRY_MAX_S) {
    throw malformed(`X-Amz-Expires must be 1 to ${EXPIRY_MAX_S} seconds.`)
  }
  const longDate = field('X-Amz-Date')
  return {
    kind: 'query',
    expiresInS,
    scope: readScope(field('X-Amz-Credential'), malformed),
    longDate,
    signedAt: readDate(longDate, malformed),
    signedHeaders: new Set(field('X-Amz-SignedHeaders').split(';')),
    signature: field('X-Amz-Signature'),
    unsignedQuery: Object.fromEntries(Object.entries(query).filter(([name]) => !PRESIGN_PARAMETERS.includes(name))),
  }
}

function readScope(credential: string, malformed: (message: string) => S3Error): CommonClaims['scope'] {
  // From the right: an access key id may hold slashes, the rest may not.
  const parts = credential.split('/')
  const [date, region, service, terminator] = parts.splice(-4)
  const accessKeyId = parts.join('/')
  if (
    date === undefined ||
    region === undefined ||
    service === undefined ||
    terminator === undefined ||
    accessKeyId === ''
  ) {
    throw malformed('The credential must be ACCESS_KEY/YYYYMMDD/REGION/s3/aws4_request.')
  }
  return { accessKeyId, date, region, service, terminator }
}

function readDate(text: string, malformed: (message: string) => S3Error): Date {
  const iso = text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z')
  const date = new Date(iso)
  if (iso === text || Number.isNaN(date.getTime())) throw malformed('The date must be YYYYMMDDTHHMMSSZ, in UTC.')
  return date
}
