// Signed requests the SDK would never send: wrong lengths, tampered bodies, chosen clocks. Signed by @smithy/signature-v4.
import { createHash } from 'node:crypto'
import { type IncomingHttpHeaders, request } from 'node:http'
import { SignatureV4 } from '@smithy/signature-v4'
import { Sha256 } from '#infra/embedded/s3/auth/sha256.ts'
import type { Endpoint } from './s3-endpoint.ts'

export interface RawAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface RawOptions {
  readonly method?: string
  /** Path and query, percent-encoded. */
  readonly path: string
  readonly headers?: Record<string, string>
  /** Sent piece by piece as it is. */
  readonly body?: Buffer | string | readonly (Buffer | string)[]
}

export function send(endpoint: Endpoint, options: RawOptions): Promise<RawAnswer> {
  const { hostname, port } = new URL(endpoint.url)
  const { body = [], method = 'GET', path } = options
  const size = [body].flat().reduce((total, piece) => total + Buffer.byteLength(piece), 0)
  const headers = { ...(size === 0 ? {} : { 'content-length': String(size) }), ...options.headers }
  return new Promise((resolve, reject) => {
    const outgoing = request({ hostname, port, method, path, headers, agent: false }, (incoming) => {
      const pieces: Buffer[] = []
      incoming.on('data', (piece: Buffer) => pieces.push(piece))
      incoming.on('error', reject)
      incoming.on('end', () =>
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          body: Buffer.concat(pieces).toString('utf8'),
        }),
      )
    })
    outgoing.on('error', reject)
    for (const piece of Array.isArray(body) ? body : [body]) outgoing.write(piece)
    outgoing.end()
  })
}

export interface SignOptions extends RawOptions {
  readonly at?: Date
  readonly region?: string
  readonly secretAccessKey?: string
  /** x-amz-content-sha256; by default the hash of the body. */
  readonly payload?: string
}

export function signerFor(endpoint: Endpoint, { region, secretAccessKey }: Partial<SignOptions> = {}): SignatureV4 {
  return new SignatureV4({
    service: 's3',
    region: region ?? endpoint.region,
    credentials: {
      accessKeyId: endpoint.accessKeyId,
      secretAccessKey: secretAccessKey ?? endpoint.secretAccessKey,
    },
    sha256: Sha256,
    uriEscapePath: false,
  })
}

/** The headers of a signed request; a caller may then change what was signed. */
export async function signHeaders(endpoint: Endpoint, options: SignOptions): Promise<Record<string, string>> {
  const { host } = new URL(endpoint.url)
  const [path = '/', query = ''] = options.path.split('?')
  const bytes = Buffer.concat([options.body ?? []].flat().map((piece) => Buffer.from(piece)))
  const signed = await signerFor(endpoint, options).sign(
    {
      method: options.method ?? 'GET',
      protocol: 'http:',
      hostname: host,
      path,
      query: Object.fromEntries(new URLSearchParams(query)),
      headers: {
        host,
        'x-amz-content-sha256': options.payload ?? createHash('sha256').update(bytes).digest('hex'),
        ...options.headers,
      },
    },
    { signingDate: options.at ?? new Date() },
  )
  return signed.headers
}

export async function sendSigned(endpoint: Endpoint, options: SignOptions): Promise<RawAnswer> {
  return send(endpoint, { ...options, headers: await signHeaders(endpoint, options) })
}
