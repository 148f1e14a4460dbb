// SigV4, in the Authorization header or in the query (presigned). The signature is never computed here: the request is
// signed again by @smithy/signature-v4, with our secret and the client's claims, and the two signatures compared.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
import { timingSafeEqual } from 'node:crypto'
import { SignatureV4 } from '@smithy/signature-v4'
import type { S3Request } from '../http/parse-request.ts'
import { S3Error } from '../http/s3-error.ts'
import { readHeaderClaims, readQueryClaims, type SignatureClaims } from './claims.ts'
import { Sha256 } from './sha256.ts'

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly region: string
}

/** What a verified request proves; the chunk signatures of a streamed body continue from it. */
export interface Authenticated {
  /** x-amz-content-sha256: a hash, UNSIGNED-PAYLOAD, or one of the STREAMING-… modes. */
  readonly payload: string
  readonly signature: string
  readonly signedAt: Date
  readonly signer: SignatureV4
}

export const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD'
/** S3's own tolerance. */
const CLOCK_SKEW_MAX_MS = 15 * 60 * 1_000

export async function authenticate(request: S3Request, credentials: Credentials, now: Date): Promise<Authenticated> {
  const claims = readQueryClaims(request) ?? readHeaderClaims(request)
  // No credentials at all: S3 looks for a public bucket, and there is none here.
  if (claims === null) throw new S3Error('AccessDenied', 'Access Denied.')
  checkScope(claims, credentials)
  checkTime(claims, now)
  checkSignedHeaders(request, claims)

  const signer = new SignatureV4({
    service: 's3',
    region: credentials.region,
    credentials,
    sha256: Sha256,
    uriEscapePath: false,
    applyChecksum: false,
  })
  const expected = await sign(signer, request, claims)
  if (!isSame(expected, claims.signature)) {
    throw new S3Error(
      'SignatureDoesNotMatch',
      'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
    )
  }
  return { payload: payloadOf(request, claims), signature: claims.signature, signedAt: claims.signedAt, signer }
}

function checkScope(claims: SignatureClaims, credentials: Credentials): void {
  const { accessKeyId, date, region, service, terminator } = claims.scope
  const malformed = claims.kind === 'query' ? 'AuthorizationQueryParametersError' : 'AuthorizationHeaderMalformed'
  if (service !== 's3' || terminator !== 'aws4_request') {
    throw new S3Error(malformed, 'The credential scope must end in s3/aws4_request.')
  }
  if (date !== claims.longDate.slice(0, 8)) {
    throw new S3Error(malformed, 'The date of the credential scope is not the date of the request.')
  }
  if (accessKeyId !== credentials.accessKeyId) {
    throw new S3Error('InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.')
  }
  if (region !== credentials.region) {
    throw new S3Error(malformed, `The region '${region}' is wrong; expecting '${credentials.region}'.`)
  }
}

function checkTime(claims: SignatureClaims, now: Date): void {
  const ageMs = now.getTime() - claims.signedAt.getTime()
  if (claims.kind === 'query') {
    if (ageMs > claims.expiresInS * 1_000) throw new S3Error('AccessDenied', 'Request has expired.')
    if (ageMs < -CLOCK_SKEW_MAX_MS) throw new S3Error('AccessDenied', 'Request is not valid yet.')
  } else if (Math.abs(ageMs) > CLOCK_SKEW_MAX_MS) {
    throw new S3Error(
      'RequestTimeTooSkewed',
      'The difference between the request time and the current time is too large.',
    )
  }
}

/** A header that is not signed could have been added by anyone on the way: host and every x-amz-* must be. */
function checkSignedHeaders(request: S3Request, claims: SignatureClaims): void {
  const must = Object.keys(request.incoming.headers).filter((name) => name.startsWith('x-amz-') || name === 'host')
  if (claims.kind === 'header') must.push('x-amz-content-sha256')
  const missing = must.filter((name) => !claims.signedHeaders.has(name))
  if (missing.length > 0) {
    throw new S3Error('AccessDenied', `There were headers present in the request which were not signed: ${missing}`)
  }
  const absent = [...claims.signedHeaders].filter((name) => request.incoming.headers[name] === undefined)
  if (absent.length > 0) {
    throw new S3Error('SignatureDoesNotMatch', `Headers that were signed are missing in the request: ${absent}`)
  }
}

async function sign(signer: SignatureV4, request: S3Request, claims: SignatureClaims): Promise<string> {
  const headers = Object.fromEntries([...claims.signedHeaders].map((name) => [name, request.headers[name] ?? '']))
  const again = {
    method: request.method,
    protocol: 'http:',
    hostname: 'localhost',
    path: request.canonicalPath,
    headers,
    query: { ...claims.unsignedQuery },
  }
  if (claims.kind === 'header') {
    const signed = await signer.sign(again, { signingDate: claims.signedAt, signableHeaders: claims.signedHeaders })
    return signed.headers.authorization?.split('Signature=')[1] ?? ''
  }
  // A body the signer cannot read makes it sign UNSIGNED-PAYLOAD, unless the query names a hash.
  const [name] = Object.keys(again.query).filter((name) => name.toLowerCase() === 'x-amz-content-sha256')
  if (name !== undefined) {
    again.headers[name] = again.query[name] ?? ''
    delete again.query[name]
  }
  const signed = await signer.presign(
    { ...again, body: { unread: true } },
    {
      signingDate: claims.signedAt,
      expiresIn: claims.expiresInS,
      signableHeaders: claims.signedHeaders,
      unhoistableHeaders: claims.signedHeaders,
    },
  )
  return String(signed.query?.['X-Amz-Signature'] ?? '')
}

function payloadOf(request: S3Request, claims: SignatureClaims): string {
  const payload = request.headers['x-amz-content-sha256']
  if (payload !== undefined) return payload
  if (claims.kind === 'query') return UNSIGNED_PAYLOAD
  throw new S3Error('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256')
}

/** Constant time: how far two signatures agree must not show in how long the answer takes. */
export function isSame(expected: string, given: string): boolean {
  const a = Buffer.from(expected)
  const b = Buffer.from(given)
  return a.length === b.length && timingSafeEqual(a, b)
}
