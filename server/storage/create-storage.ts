// Storage over the unmodified AWS SDK, for any S3 API. Presigned URLs are signed for the endpoint their reader can reach,
// which may differ from the one this server uses.
import {
  CreateBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3'
import { presignGet, presignPut } from './presign.ts'
import type { Storage } from './storage.ts'
import { mapStorageErrors, nullIfMissing } from './storage-error.ts'

export interface StorageConfig {
  /** Left out: AWS itself, by region. */
  readonly endpoint?: string | undefined
  /** The same store as browsers and remote workers reach it; left out: `endpoint`. */
  readonly publicEndpoint?: string | undefined
  readonly region: string
  readonly bucket: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** `http://host/bucket/key` instead of `http://bucket.host/key`; most self-hosted stores want it. */
  readonly forcePathStyle: boolean
  /** Tries per call, the first included. Default 3, as the SDK. */
  readonly maxAttempts?: number
  /** A call, or a body, on which no byte moves for so long fails. Default 10 s. */
  readonly idleTimeoutMs?: number
}

/** A store that does not take the connection in 2 s is down; one that moves no byte for 10 s is stuck. */
const CONNECTION_TIMEOUT_MS = 2_000
const IDLE_TIMEOUT_MS = 10_000
/** S3's own limit for DeleteObjects. */
const DELETE_BATCH_MAX = 1_000

export function createStorage(config: StorageConfig): Storage {
  const { bucket } = config
  const client = createClient(config, config.endpoint)
  const publicClient = config.publicEndpoint === undefined ? client : createClient(config, config.publicEndpoint)
  const presigner = { bucket, client, publicClient }

  return {
    put: (key, bytes, { contentType }) =>
      mapStorageErrors(`put ${key}`, async () => {
        const answer = await client.send(
          new PutObjectCommand({ Bucket: bucket, Key: key, Body: bytes, ContentType: contentType }),
        )
        return { etag: answer.ETag ?? '' }
      }),

    get: (key, { signal } = {}) =>
      nullIfMissing(`get ${key}`, async () => {
        const answer = await client.send(
          new GetObjectCommand({ Bucket: bucket, Key: key }),
          signal === undefined ? {} : { abortSignal: signal },
        )
        if (answer.Body === undefined) throw new Error('the store answered without a body')
        return { body: answer.Body.transformToWebStream() as ReadableStream<Uint8Array>, ...objectFacts(answer) }
      }),

    head: (key) =>
      nullIfMissing(`head ${key}`, async () =>
        objectFacts(await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }))),
      ),

    delete: (keys) =>
      mapStorageErrors(`delete ${keys.length} objects`, async () => {
        for (let start = 0; start < keys.length; start += DELETE_BATCH_MAX) {
          const Objects = keys.slice(start, start + DELETE_BATCH_MAX).map((Key) => ({ Key }))
          const answer = await client.send(
            new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }),
          )
          const failed = answer.Errors?.[0]
          if (failed !== undefined) throw new Error(`${failed.Key}: ${failed.Code} ${failed.Message}`)
        }
      }),

    list: (prefix) => list(client, bucket, prefix),
    presignPut: (options) => presignPut(presigner, options),
    presignGet: (options) => presignGet(presigner, options),
    ensureBucket: () => mapStorageErrors(`create bucket ${bucket}`, () => ensureBucket(client, bucket, config.region)),

    dispose() {
      client.destroy()
      if (publicClient !== client) publicClient.destroy()
    },
  }
}

function createClient(config: StorageConfig, endpoint: string | undefined): S3Client {
  return new S3Client({
    ...(endpoint === undefined ? {} : { endpoint }),
    region: config.region,
    forcePathStyle: config.forcePathStyle,
    credentials: { accessKeyId: config.accessKeyId, secretAccessKey: config.secretAccessKey },
    maxAttempts: config.maxAttempts ?? 3,
    // R2, B2 and older stores refuse the SDK's newer default checksums, and a presigned PUT would carry that of an empty body.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // Not `requestTimeout`: that one only logs a warning.
    requestHandler: {
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      socketTimeout: config.idleTimeoutMs ?? IDLE_TIMEOUT_MS,
    },
  })
}

function objectFacts(answer: {
  ContentType?: string | undefined
  ContentLength?: number | undefined
  ETag?: string | undefined
  LastModified?: Date | undefined
}) {
  if (answer.ContentLength === undefined) throw new Error('the store answered without Content-Length')
  return {
    contentType: answer.ContentType ?? 'application/octet-stream',
    sizeBytes: answer.ContentLength,
    etag: answer.ETag ?? '',
    lastModified: answer.LastModified ?? new Date(0),
  }
}

async function* list(client: S3Client, bucket: string, prefix: string) {
  const pages = paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })[Symbol.asyncIterator]()
  while (true) {
    const page = await mapStorageErrors(`list ${prefix}`, () => pages.next())
    if (page.done === true) return
    for (const entry of page.value.Contents ?? []) {
      if (entry.Key === undefined) continue
      yield { key: entry.Key, sizeBytes: entry.Size ?? 0, lastModified: entry.LastModified ?? new Date(0) }
    }
  }
}

async function ensureBucket(client: S3Client, bucket: string, region: string): Promise<void> {
  try {
    await client.send(new HeadBucketCommand({ Bucket: bucket }))
    return
  } catch (error) {
    if (!(error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404)) throw error
  }
  try {
    // us-east-1 is the one region that may not be named here; `auto` is R2's word for none.
    const isNamed = region !== 'us-east-1' && region !== 'auto'
    await client.send(
      new CreateBucketCommand({
        Bucket: bucket,
        ...(isNamed ? { CreateBucketConfiguration: { LocationConstraint: region as never } } : {}),
      }),
    )
  } catch (error) {
    // Another process was faster.
    if (!(error instanceof S3ServiceException && error.name === 'BucketAlreadyOwnedByYou')) throw error
  }
}
