// The S3 endpoint the conformance tests run against: the one S3_CONFORMANCE_* names, or an embedded one of their own.
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { S3Client } from '@aws-sdk/client-s3'
import { startEmbeddedS3 } from '#infra/embedded/s3/start-embedded-s3.ts'

export interface Endpoint {
  readonly url: string
  readonly region: string
  readonly bucket: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly isEmbedded: boolean
  stop(): Promise<void>
}

export const ORIGIN = 'http://localhost:3000'

export async function openEndpoint(): Promise<Endpoint> {
  const { env } = process
  const bucket = `conformance-${randomBytes(6).toString('hex')}`
  const url = env.S3_CONFORMANCE_ENDPOINT
  if (url !== undefined) {
    return {
      url,
      bucket,
      region: env.S3_CONFORMANCE_REGION ?? 'us-east-1',
      accessKeyId: required('S3_CONFORMANCE_ACCESS_KEY_ID'),
      secretAccessKey: required('S3_CONFORMANCE_SECRET_ACCESS_KEY'),
      isEmbedded: false,
      stop: async () => undefined,
    }
  }
  const keys = { accessKeyId: 'TESTKEY', secretAccessKey: randomBytes(20).toString('hex') }
  const dir = await mkdtemp(path.join(tmpdir(), 'dewpoint-s3-'))
  const server = await startEmbeddedS3({ dir, port: 0, ...keys, corsOrigins: [ORIGIN] })
  return {
    url: server.url,
    bucket,
    region: 'us-east-1',
    ...keys,
    isEmbedded: true,
    async stop() {
      await server.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

function required(name: string): string {
  const value = process.env[name]
  if (value === undefined) throw new Error(`${name} is required with S3_CONFORMANCE_ENDPOINT`)
  return value
}

/** The unmodified SDK with its own defaults (checksums included), not with ours: the endpoint has to take both. */
export function sdkFor(
  endpoint: Endpoint,
  overrides: Partial<ConstructorParameters<typeof S3Client>[0] & object> = {},
): S3Client {
  return new S3Client({
    endpoint: endpoint.url,
    region: endpoint.region,
    forcePathStyle: true,
    credentials: { accessKeyId: endpoint.accessKeyId, secretAccessKey: endpoint.secretAccessKey },
    maxAttempts: 1,
    ...overrides,
  })
}
