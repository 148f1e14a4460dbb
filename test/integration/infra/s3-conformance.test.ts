// What Dewpoint needs of an object store, asked of a real one over HTTP with the unmodified AWS SDK. Runs against the
// embedded endpoint, or against any other that S3_CONFORMANCE_ENDPOINT, _REGION, _ACCESS_KEY_ID and _SECRET_ACCESS_KEY name
// (docs/storage.md records the differences found).
import { createHash, randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { Readable } from 'node:stream'
import { crc32 } from 'node:zlib'
import {
  AbortMultipartUploadCommand,
  ChecksumAlgorithm,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  type S3Client,
  S3ServiceException,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { afterAll, beforeAll, describe, expect, test as vitestTest } from 'vitest'
import { createStorage } from '#server/storage/index.ts'
import type { Storage } from '#server/storage/storage.ts'
import { KNOWN_DIFFERENCES } from './known-differences.ts'
import { send, sendSigned, signerFor, signHeaders } from './raw-request.ts'
import { type Endpoint, openEndpoint, sdkFor } from './s3-endpoint.ts'

/** versitygw, … : expects that server's known differences to be there. */
const differences = KNOWN_DIFFERENCES[process.env.S3_CONFORMANCE_SERVER ?? ''] ?? []
const test = Object.assign(
  (name: string, run: () => Promise<void>, timeoutMs?: number) =>
    (differences.includes(name) ? vitestTest.fails : vitestTest)(name, run, timeoutMs),
  { each: vitestTest.each.bind(vitestTest) },
)

let endpoint: Endpoint
let client: S3Client
let Bucket: string
let storage: Storage

beforeAll(async () => {
  endpoint = await openEndpoint()
  client = sdkFor(endpoint)
  Bucket = endpoint.bucket
  await client.send(new CreateBucketCommand({ Bucket }))
  storage = createStorage({ ...endpoint, endpoint: endpoint.url, forcePathStyle: true })
})

afterAll(async () => {
  const keys: string[] = []
  for await (const { key } of storage.list('')) keys.push(key)
  await storage.delete(keys)
  await client.send(new DeleteBucketCommand({ Bucket }))
  storage.dispose()
  client.destroy()
  await endpoint.stop()
})

const put = (Key: string, Body: string | Buffer = 'x', more: object = {}) =>
  client.send(new PutObjectCommand({ Bucket, Key, Body, ...more }))
const bytesOf = async (Key: string, from = client): Promise<Buffer> => {
  const { Body } = await from.send(new GetObjectCommand({ Bucket, Key }))
  return Buffer.from((await Body?.transformToByteArray()) ?? [])
}

/** Status and code of what a call throws. */
async function failure(call: Promise<unknown>): Promise<{ status: number | undefined; code: string }> {
  try {
    await call
  } catch (error) {
    if (error instanceof S3ServiceException) return { status: error.$metadata.httpStatusCode, code: error.name }
    throw error
  }
  throw new Error('the call succeeded')
}

describe('objects', () => {
  test('come back byte for byte, with their type and metadata', async () => {
    const body = randomBytes(200_000)
    await put('round/trip.png', body, { ContentType: 'image/png', CacheControl: 'no-cache', Metadata: { seed: '7' } })
    const answer = await client.send(new GetObjectCommand({ Bucket, Key: 'round/trip.png' }))
    expect(Buffer.from((await answer.Body?.transformToByteArray()) ?? []).equals(body)).toBe(true)
    expect(answer.ContentType).toBe('image/png')
    expect(answer.CacheControl).toBe('no-cache')
    expect(answer.Metadata).toEqual({ seed: '7' })
    expect(answer.ETag).toBe(`"${createHash('md5').update(body).digest('hex')}"`)
    expect(Math.abs(Date.now() - (answer.LastModified?.getTime() ?? 0))).toBeLessThan(60_000)
  })

  test('may be empty', async () => {
    await put('empty', '')
    expect((await bytesOf('empty')).length).toBe(0)
    expect((await client.send(new HeadObjectCommand({ Bucket, Key: 'empty' }))).ContentLength).toBe(0)
  })

  test('a 70,000-byte stream is stored as exactly 70,000 bytes, in every checksum mode of the SDK', async () => {
    const body = randomBytes(70_000)
    for (const requestChecksumCalculation of ['WHEN_SUPPORTED', 'WHEN_REQUIRED'] as const) {
      const sdk = sdkFor(endpoint, { requestChecksumCalculation })
      // S3 takes chunks of 8 KiB and more, the last one excepted.
      const pieces = [body.subarray(0, 8_192), body.subarray(8_192, 65_537), body.subarray(65_537)]
      await sdk.send(
        new PutObjectCommand({ Bucket, Key: 'stream', Body: Readable.from(pieces), ContentLength: body.length }),
      )
      expect((await client.send(new HeadObjectCommand({ Bucket, Key: 'stream' }))).ContentLength).toBe(70_000)
      expect((await bytesOf('stream')).equals(body)).toBe(true)
      sdk.destroy()
    }
  })

  test.each(Object.values(ChecksumAlgorithm).filter((name) => /^(?:CRC32|CRC32C|CRC64NVME|SHA1|SHA256)$/.test(name)))(
    'a %s checksum is verified, stored and returned',
    async (algorithm) => {
      const Key = `checksum/${algorithm}`
      await put(Key, 'check me', { ChecksumAlgorithm: algorithm })
      const head = await client.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }))
      expect(head[`Checksum${algorithm}` as 'ChecksumCRC32']).toMatch(/^[A-Za-z0-9+/]+=*$/)
      expect((await bytesOf(Key)).toString()).toBe('check me')
    },
  )

  test('a wrong checksum or Content-MD5 is BadDigest, and nothing is stored', async () => {
    const ChecksumSHA256 = createHash('sha256').update('other').digest('base64')
    expect(await failure(put('bad/sha256', 'mine', { ChecksumSHA256 }))).toEqual({ status: 400, code: 'BadDigest' })
    const ContentMD5 = createHash('md5').update('other').digest('base64')
    expect(await failure(put('bad/md5', 'mine', { ContentMD5 }))).toEqual({ status: 400, code: 'BadDigest' })
    expect(await storage.head('bad/sha256')).toBeNull()
    expect(await storage.head('bad/md5')).toBeNull()
  })

  test('a missing object is NoSuchKey (HEAD: NotFound), a missing bucket NoSuchBucket', async () => {
    expect(await failure(bytesOf('nothing'))).toEqual({ status: 404, code: 'NoSuchKey' })
    const head = client.send(new HeadObjectCommand({ Bucket, Key: 'nothing' }))
    expect(await failure(head)).toEqual({ status: 404, code: 'NotFound' })
    const elsewhere = client.send(new GetObjectCommand({ Bucket: 'no-such-bucket-here', Key: 'k' }))
    expect(await failure(elsewhere)).toEqual({ status: 404, code: 'NoSuchBucket' })
    const bucket = client.send(new HeadBucketCommand({ Bucket: 'no-such-bucket-here' }))
    expect((await failure(bucket)).status).toBe(404)
  })

  test('an error is XML with code, message and resource', async () => {
    const answer = await sendSigned(endpoint, { path: `/${Bucket}/nothing` })
    expect(answer.status).toBe(404)
    expect(answer.headers['content-type']).toMatch(/^(?:application|text)\/xml/)
    expect(answer.body).toMatch(/<Error>.*<Code>NoSuchKey<\/Code><Message>[^<]+<\/Message>/s)
  })

  test('an overwrite replaces the whole object', async () => {
    await put('again', Buffer.alloc(5_000, 1))
    await put('again', 'short')
    expect((await bytesOf('again')).toString()).toBe('short')
  })

  test('concurrent writers of one key leave one whole object', async () => {
    const bodies = Array.from({ length: 12 }, (_, at) => Buffer.alloc(150_000 + at, at))
    await Promise.all(bodies.map((body) => put('contended', body)))
    const winner = await bytesOf('contended')
    expect(bodies.some((body) => body.equals(winner))).toBe(true)
  })

  test('a reader of the old object is not disturbed by a new one', async () => {
    const old = randomBytes(3_000_000)
    await put('read-while-written', old)
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: 'read-while-written' }))
    await put('read-while-written', Buffer.alloc(10))
    expect(Buffer.from((await Body?.transformToByteArray()) ?? []).equals(old)).toBe(true)
  })

  test('deleting once, twice, or what never was, succeeds', async () => {
    await put('gone')
    for (const Key of ['gone', 'gone', 'never']) {
      expect((await client.send(new DeleteObjectCommand({ Bucket, Key }))).$metadata.httpStatusCode).toBe(204)
    }
    expect(await storage.head('gone')).toBeNull()
  })

  test('a copy has the source’s bytes and type', async () => {
    await put('copy/from ü', 'original', { ContentType: 'image/webp' })
    await client.send(
      new CopyObjectCommand({ Bucket, Key: 'copy/to', CopySource: `${Bucket}/${encodeURIComponent('copy/from ü')}` }),
    )
    expect((await bytesOf('copy/to')).toString()).toBe('original')
    expect((await storage.head('copy/to'))?.contentType).toBe('image/webp')
  })
})

describe('keys', () => {
  test.each([
    'plain',
    'with space + plus',
    'ünï/çødé/日本語/😀',
    'quote\'"<&>!*()~,;=:@$',
    'percent%20and%2F',
    'dots/.hidden/..two/...',
    `long/${'n'.repeat(240)}/${'m'.repeat(200)}`,
    'UPPER',
    'upper',
    'trailing.',
  ])('%s is a key like any other', async (Key) => {
    await put(Key, Key)
    expect((await bytesOf(Key)).toString()).toBe(Key)
    const { Contents } = await client.send(new ListObjectsV2Command({ Bucket, Prefix: Key }))
    expect(Contents?.map((entry) => entry.Key)).toContain(Key)
  })

  test('`side` and `side/by` are two objects, and one survives the other', async () => {
    await put('side', 'file')
    await put('side/by', 'below')
    expect((await bytesOf('side')).toString()).toBe('file')
    expect((await bytesOf('side/by')).toString()).toBe('below')
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'side' }))
    expect((await bytesOf('side/by')).toString()).toBe('below')
  })

  test('a key of more than 1,024 bytes is refused', async () => {
    expect((await failure(put(`k${'é'.repeat(512)}`))).status).toBe(400)
  })

  test('a key cannot leave its bucket', async () => {
    const answer = await sendSigned(endpoint, { path: `/${Bucket}/..%2F..%2F..%2Fetc%2Fpasswd` })
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.status).toBeLessThan(500)
    expect(answer.body).not.toContain('root:')
  })
})

describe('ranges and conditions', () => {
  const content = Buffer.from(Array.from({ length: 1_000 }, (_, at) => at % 251))
  let etag = ''
  beforeAll(async () => {
    etag = (await put('ranged', content)).ETag ?? ''
  })
  const range = (Range: string) => client.send(new GetObjectCommand({ Bucket, Key: 'ranged', Range }))

  test.each([
    ['bytes=0-0', 0, 1],
    ['bytes=10-19', 10, 20],
    ['bytes=990-', 990, 1_000],
    ['bytes=-5', 995, 1_000],
    ['bytes=900-5000', 900, 1_000],
    ['bytes=-5000', 0, 1_000],
  ])('%s brings those bytes', async (header, start, end) => {
    const answer = await range(header)
    expect(answer.$metadata.httpStatusCode).toBe(206)
    expect(answer.ContentRange).toBe(`bytes ${start}-${end - 1}/1000`)
    expect(Buffer.from((await answer.Body?.transformToByteArray()) ?? []).equals(content.subarray(start, end))).toBe(
      true,
    )
  })

  test('a range past the end is 416 InvalidRange', async () => {
    expect(await failure(range('bytes=1000-1001'))).toEqual({ status: 416, code: 'InvalidRange' })
  })

  test('If-None-Match with the current ETag is 304, with another 200', async () => {
    const get = (IfNoneMatch: string) => client.send(new GetObjectCommand({ Bucket, Key: 'ranged', IfNoneMatch }))
    expect((await failure(get(etag))).status).toBe(304)
    expect((await get('"0"')).$metadata.httpStatusCode).toBe(200)
  })

  test('If-Match with another ETag is 412', async () => {
    const get = client.send(new GetObjectCommand({ Bucket, Key: 'ranged', IfMatch: '"0"' }))
    expect((await failure(get)).status).toBe(412)
  })

  test('If-Modified-Since its own date is 304, If-Unmodified-Since an hour ago 412', async () => {
    const Key = 'ranged'
    const past = new Date(Date.now() - 3_600_000)
    const { LastModified } = await client.send(new HeadObjectCommand({ Bucket, Key }))
    const unmodified = client.send(new GetObjectCommand({ Bucket, Key, IfUnmodifiedSince: past }))
    expect((await failure(unmodified)).status).toBe(412)
    const modified = client.send(new GetObjectCommand({ Bucket, Key, IfModifiedSince: LastModified }))
    expect((await failure(modified)).status).toBe(304)
  })

  test('PUT with If-None-Match: * creates once and never overwrites', async () => {
    await put('once', 'first', { IfNoneMatch: '*' })
    const second = await failure(put('once', 'second', { IfNoneMatch: '*' }))
    expect(second).toEqual({ status: 412, code: 'PreconditionFailed' })
    expect((await bytesOf('once')).toString()).toBe('first')
  })

  test('of ten racing PUTs with If-None-Match: * exactly one wins', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 10 }, (_, at) => put('race', String(at), { IfNoneMatch: '*' })),
    )
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1)
    const winner = results.findIndex((result) => result.status === 'fulfilled')
    expect((await bytesOf('race')).toString()).toBe(String(winner))
  })

  test('PUT with If-Match replaces only the object it names', async () => {
    const { ETag = '' } = await put('swap', 'one')
    await put('swap', 'two', { IfMatch: ETag })
    expect((await failure(put('swap', 'three', { IfMatch: ETag }))).status).toBe(412)
    expect((await bytesOf('swap')).toString()).toBe('two')
  })
})

describe('lists', () => {
  const keys = ['l/a/1', 'l/a/2', 'l/a-b', 'l/a0', 'l/b/1', 'l/é', 'l/Z', 'l/ sp', 'l/😀']
  /** UTF-8 byte order, which is not JavaScript's. */
  const inOrder = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  beforeAll(async () => {
    for (const key of keys) await put(key, key)
  })

  test('are in UTF-8 byte order, with size and ETag', async () => {
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix: 'l/' }))
    expect(Contents.map((entry) => entry.Key)).toEqual(inOrder)
    expect(Contents[0]?.Size).toBe(Buffer.byteLength(inOrder[0] ?? ''))
    expect(Contents[0]?.ETag).toMatch(/^"[0-9a-f]{32}"$/)
  })

  test.each([1, 2, 3, 7])('pages of %i hold every key once', async (MaxKeys) => {
    const seen: string[] = []
    let token: string | undefined
    do {
      const page: Awaited<ReturnType<typeof listPage>> = await listPage(MaxKeys, token)
      seen.push(...(page.Contents ?? []).map((entry) => entry.Key ?? ''))
      expect(page.KeyCount).toBeLessThanOrEqual(MaxKeys)
      token = page.NextContinuationToken
      expect(page.IsTruncated).toBe(token !== undefined)
    } while (token !== undefined)
    expect(seen).toEqual(inOrder)
  })
  const listPage = (MaxKeys: number, ContinuationToken?: string) =>
    client.send(new ListObjectsV2Command({ Bucket, Prefix: 'l/', MaxKeys, ContinuationToken }))

  test('a delimiter groups, and pages of groups hold each once', async () => {
    const found: string[] = []
    let ContinuationToken: string | undefined
    do {
      const page: import('@aws-sdk/client-s3').ListObjectsV2CommandOutput = await client.send(
        new ListObjectsV2Command({ Bucket, Prefix: 'l/', Delimiter: '/', MaxKeys: 2, ContinuationToken }),
      )
      found.push(...(page.Contents ?? []).map((entry) => entry.Key ?? ''))
      found.push(...(page.CommonPrefixes ?? []).map((entry) => entry.Prefix ?? ''))
      ContinuationToken = page.NextContinuationToken
    } while (ContinuationToken !== undefined)
    expect(found.toSorted()).toEqual(['l/ sp', 'l/Z', 'l/a-b', 'l/a/', 'l/a0', 'l/b/', 'l/é', 'l/😀'].toSorted())
  })

  test('start-after skips, an unknown prefix is an empty list', async () => {
    const page = await client.send(new ListObjectsV2Command({ Bucket, Prefix: 'l/', StartAfter: 'l/a0' }))
    expect(page.Contents?.map((entry) => entry.Key)).toEqual(['l/b/1', 'l/é', 'l/😀'])
    const none = await client.send(new ListObjectsV2Command({ Bucket, Prefix: 'none/' }))
    expect(none.KeyCount).toBe(0)
    expect(none.IsTruncated).toBe(false)
  })

  test('encoding-type=url keeps characters XML has no room for', async () => {
    await put('ctl/\u0001\r\n&<', 'control')
    const { Contents = [] } = await client.send(
      new ListObjectsV2Command({ Bucket, Prefix: 'ctl/', EncodingType: 'url' }),
    )
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'ctl/\u0001\r\n&<' }))
    expect(Contents.map((entry) => decodeURIComponent(entry.Key ?? ''))).toEqual(['ctl/\u0001\r\n&<'])
  })

  test('a made-up continuation token is refused', async () => {
    const call = client.send(new ListObjectsV2Command({ Bucket, ContinuationToken: '!!not a token!!' }))
    expect(await failure(call)).toEqual({ status: 400, code: 'InvalidArgument' })
  })
})

describe('DeleteObjects', () => {
  test('deletes what is there, and says the same of what is not', async () => {
    const keys = ['d/1', 'd/&<\'">', 'd/ü 2', 'd/never']
    for (const key of keys.slice(0, 3)) await put(key)
    const Objects = keys.map((Key) => ({ Key }))
    const answer = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }))
    expect(answer.Errors ?? []).toEqual([])
    expect(answer.Deleted?.map((entry) => entry.Key).toSorted()).toEqual(keys.toSorted())
    expect((await client.send(new ListObjectsV2Command({ Bucket, Prefix: 'd/' }))).KeyCount).toBe(0)
  })

  const objects = (count: number) => Array.from({ length: count }, (_, at) => ({ Key: `many/${at}` }))

  test('takes a thousand keys', async () => {
    const answer = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: objects(1_000) } }))
    expect(answer.Deleted).toHaveLength(1_000)
  })

  test('refuses a thousand and one', async () => {
    const call = client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: objects(1_001) } }))
    expect(await failure(call)).toEqual({ status: 400, code: 'MalformedXML' })
  })

  test('says nothing of what it deleted when asked to be quiet', async () => {
    const Delete = { Objects: objects(2), Quiet: true }
    expect((await client.send(new DeleteObjectsCommand({ Bucket, Delete }))).Deleted ?? []).toEqual([])
  })

  test('broken XML is MalformedXML', async () => {
    const body = '<Delete><Object><Key>a</Key></Object>'
    const answer = await sendSigned(endpoint, {
      method: 'POST',
      path: `/${Bucket}?delete=`,
      headers: { 'content-md5': createHash('md5').update(body).digest('base64') },
      body,
    })
    expect(answer.status).toBe(400)
    expect(answer.body).toContain('MalformedXML')
  })
})

describe('multipart', () => {
  const PART_SIZE = 5 * 1024 * 1024
  const start = async (Key: string) => {
    const { UploadId } = await client.send(
      new CreateMultipartUploadCommand({ Bucket, Key, ContentType: 'image/avif', Metadata: { of: 'parts' } }),
    )
    return { Bucket, Key, UploadId: UploadId ?? '' }
  }
  const upload = async (to: Awaited<ReturnType<typeof start>>, PartNumber: number, Body: Buffer) => ({
    PartNumber,
    ETag: (await client.send(new UploadPartCommand({ ...to, PartNumber, Body }))).ETag ?? '',
  })

  test('parts sent out of order become one object in the order of their numbers', async () => {
    const whole = randomBytes(PART_SIZE * 2 + 1_234)
    const to = await start('parts/whole')
    const third = await upload(to, 3, whole.subarray(PART_SIZE * 2))
    const first = await upload(to, 1, whole.subarray(0, PART_SIZE))
    await upload(to, 2, Buffer.from('replaced by the next line'))
    const second = await upload(to, 2, whole.subarray(PART_SIZE, PART_SIZE * 2))
    const listed = await client.send(new ListPartsCommand(to))
    expect(listed.Parts?.map(({ PartNumber, Size, ETag }) => ({ PartNumber, Size, ETag }))).toEqual([
      { ...first, Size: PART_SIZE },
      { ...second, Size: PART_SIZE },
      { ...third, Size: 1_234 },
    ])
    expect(await storage.head('parts/whole')).toBeNull()
    const Parts = [first, second, third]
    const done = await client.send(new CompleteMultipartUploadCommand({ ...to, MultipartUpload: { Parts } }))
    const md5s = Parts.map(({ ETag }) => Buffer.from(ETag.replaceAll('"', ''), 'hex'))
    expect(done.ETag).toBe(`"${createHash('md5').update(Buffer.concat(md5s)).digest('hex')}-3"`)
    expect((await bytesOf('parts/whole')).equals(whole)).toBe(true)
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'parts/whole' }))
    expect(head.ContentType).toBe('image/avif')
    expect(head.Metadata).toEqual({ of: 'parts' })
  }, 60_000)

  test.each(['COMPOSITE', 'FULL_OBJECT'] as const)(
    'a %s checksum of parts is verified, stored and returned',
    async (ChecksumType) => {
      const Key = `parts/${ChecksumType}`
      const bodies = [randomBytes(PART_SIZE), randomBytes(1_000)]
      const crcBytes = (bytes: Buffer) => {
        const sum = Buffer.alloc(4)
        sum.writeUInt32BE(crc32(bytes))
        return sum
      }
      const whole =
        ChecksumType === 'COMPOSITE'
          ? `${crcBytes(Buffer.concat(bodies.map(crcBytes))).toString('base64')}-2`
          : crcBytes(Buffer.concat(bodies)).toString('base64')
      const created = { Bucket, Key, ChecksumAlgorithm: 'CRC32', ChecksumType } as const
      const { UploadId } = await client.send(new CreateMultipartUploadCommand(created))
      const to = { Bucket, Key, UploadId: UploadId ?? '' }
      const Parts: CompletedPart[] = []
      for (const [at, Body] of bodies.entries()) {
        const PartNumber = at + 1
        const part = new UploadPartCommand({ ...to, PartNumber, Body, ChecksumAlgorithm: 'CRC32' })
        const { ETag, ChecksumCRC32 } = await client.send(part)
        Parts.push({ PartNumber, ETag: ETag ?? '', ChecksumCRC32: ChecksumCRC32 ?? '' })
      }
      const finish = (ChecksumCRC32: string) =>
        client.send(
          new CompleteMultipartUploadCommand({ ...to, ChecksumType, ChecksumCRC32, MultipartUpload: { Parts } }),
        )
      expect(await failure(finish(ChecksumType === 'COMPOSITE' ? 'AAAAAA==-2' : 'AAAAAA=='))).toEqual({
        status: 400,
        code: 'BadDigest',
      })
      expect((await finish(whole)).ChecksumCRC32).toBe(whole)
      const head = await client.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }))
      expect([head.ChecksumCRC32, head.ChecksumType]).toEqual([whole, ChecksumType])
      expect((await bytesOf(Key)).equals(Buffer.concat(bodies))).toBe(true)
    },
  )

  test('an aborted upload is gone, and so are its parts', async () => {
    const to = await start('parts/aborted')
    await upload(to, 1, Buffer.alloc(10))
    await client.send(new AbortMultipartUploadCommand(to))
    expect(await failure(client.send(new ListPartsCommand(to)))).toEqual({ status: 404, code: 'NoSuchUpload' })
    expect(await failure(upload(to, 2, Buffer.alloc(10)))).toEqual({ status: 404, code: 'NoSuchUpload' })
    expect(await storage.head('parts/aborted')).toBeNull()
  })

  const complete = (to: Awaited<ReturnType<typeof start>>, Parts: { PartNumber: number; ETag: string }[]) =>
    client.send(new CompleteMultipartUploadCommand({ ...to, MultipartUpload: { Parts } }))

  test('a part that was never sent is InvalidPart, and the upload stays', async () => {
    const to = await start('parts/missing')
    await upload(to, 1, Buffer.alloc(10))
    const never = { PartNumber: 1, ETag: `"${'0'.repeat(32)}"` }
    expect(await failure(complete(to, [never]))).toEqual({ status: 400, code: 'InvalidPart' })
    expect((await client.send(new ListPartsCommand(to))).Parts).toHaveLength(1)
    await client.send(new AbortMultipartUploadCommand(to))
  })

  test('parts named in a wrong order are InvalidPartOrder', async () => {
    const to = await start('parts/order')
    const one = await upload(to, 1, Buffer.alloc(PART_SIZE))
    const two = await upload(to, 2, Buffer.alloc(PART_SIZE))
    expect(await failure(complete(to, [two, one]))).toEqual({ status: 400, code: 'InvalidPartOrder' })
    await client.send(new AbortMultipartUploadCommand(to))
  }, 60_000)

  test('a small part before the last is EntityTooSmall', async () => {
    const to = await start('parts/small')
    const parts = [await upload(to, 1, Buffer.alloc(10)), await upload(to, 2, Buffer.alloc(10))]
    expect(await failure(complete(to, parts))).toEqual({ status: 400, code: 'EntityTooSmall' })
    await client.send(new AbortMultipartUploadCommand(to))
  })
})

describe('signatures', () => {
  beforeAll(async () => {
    await put('secret', 'for some')
  })
  const get = () => client.send(new GetObjectCommand({ Bucket, Key: 'secret' }))

  test('nobody reads, writes, lists or deletes without one', async () => {
    for (const [method, path] of [
      ['GET', `/${Bucket}/secret`],
      ['HEAD', `/${Bucket}/secret`],
      ['PUT', `/${Bucket}/secret`],
      ['DELETE', `/${Bucket}/secret`],
      ['GET', `/${Bucket}?list-type=2`],
      ['GET', '/'],
    ] as const) {
      const answer = await send(endpoint, { method, path, headers: { 'content-length': '0' } })
      expect(`${method} ${answer.status}`).toBe(`${method} 403`)
      if (method !== 'HEAD') expect(answer.body).toContain('<Code>AccessDenied</Code>')
    }
    expect((await bytesOf('secret')).toString()).toBe('for some')
  })

  test('a wrong secret is SignatureDoesNotMatch', async () => {
    const wrong = sdkFor(endpoint, {
      credentials: { accessKeyId: endpoint.accessKeyId, secretAccessKey: 'wrongwrongwrongwrongwrong' },
    })
    expect(await failure(bytesOf('secret', wrong))).toEqual({ status: 403, code: 'SignatureDoesNotMatch' })
  })

  test('an unknown access key is InvalidAccessKeyId', async () => {
    const unknown = sdkFor(endpoint, { credentials: { accessKeyId: 'NOBODY', secretAccessKey: 'wrongwrongwrong' } })
    expect(await failure(bytesOf('secret', unknown))).toEqual({ status: 403, code: 'InvalidAccessKeyId' })
  })

  test('a signature is for one method, one path, one query and one body', async () => {
    const path = `/${Bucket}/secret`
    const headers = await signHeaders(endpoint, { path })
    expect((await send(endpoint, { path, headers })).status).toBe(200)
    expect((await send(endpoint, { path: `/${Bucket}/again`, headers })).status).toBe(403)
    expect((await send(endpoint, { path: `${path}?response-content-type=text/html`, headers })).status).toBe(403)
    expect((await send(endpoint, { path, headers, method: 'DELETE' })).status).toBe(403)
    const signed = await signHeaders(endpoint, { path, method: 'PUT', body: 'signed' })
    const answer = await send(endpoint, { path, method: 'PUT', headers: signed, body: 'forged' })
    expect(answer.status).toBe(400)
    expect((await bytesOf('secret')).toString()).toBe('for some')
  })

  test('a clock more than 15 minutes off is RequestTimeTooSkewed', async () => {
    for (const minutes of [-16, 16]) {
      const answer = await sendSigned(endpoint, { path: '/', at: new Date(Date.now() + minutes * 60_000) })
      expect(answer.status).toBe(403)
      expect(answer.body).toContain('RequestTimeTooSkewed')
    }
    expect((await sendSigned(endpoint, { path: '/', at: new Date(Date.now() - 14 * 60_000) })).status).toBe(200)
  })

  test('a presigned GET works for whoever holds it, until one character of it changes', async () => {
    const url = await storage.presignGet({ key: 'secret', expiresInS: 60 })
    expect(await (await fetch(url)).text()).toBe('for some')
    const { origin, pathname, searchParams } = new URL(url)
    for (const [name, value] of searchParams) {
      if (name === 'x-id') continue
      const changed = new URLSearchParams(searchParams)
      changed.set(
        name,
        value.replace(/.$/, (last) => (last === '1' ? '2' : '1')),
      )
      const answer = await fetch(`${origin}${pathname}?${changed}`)
      expect(`${name} ${answer.status >= 400 && answer.status < 500}`).toBe(`${name} true`)
    }
    expect((await fetch(url.replace('/secret?', '/again?'))).status).toBe(403)
    expect((await fetch(`${url}&response-content-type=text%2Fhtml`)).status).toBe(403)
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(403)
  })

  test('a presigned URL ends when it says', async () => {
    const signedAgo = (seconds: number) =>
      getSignedUrl(client, new GetObjectCommand({ Bucket, Key: 'secret' }), {
        expiresIn: 60,
        signingDate: new Date(Date.now() - seconds * 1_000),
      })
    expect((await fetch(await signedAgo(50))).status).toBe(200)
    const late = await fetch(await signedAgo(61))
    expect(late.status).toBe(403)
    expect(await late.text()).toContain('AccessDenied')
  })

  test('a presigned URL from the future is not valid yet', async () => {
    const url = await getSignedUrl(client, new GetObjectCommand({ Bucket, Key: 'secret' }), {
      expiresIn: 60,
      signingDate: new Date(Date.now() + 20 * 60_000),
    })
    expect((await fetch(url)).status).toBe(403)
  })

  test('a presigned GET may name the file it is saved as, in characters a header can carry', async () => {
    const presign = (ResponseContentDisposition: string) =>
      getSignedUrl(client, new GetObjectCommand({ Bucket, Key: 'secret', ResponseContentDisposition }))
    const answer = await fetch(await presign('attachment; filename="a b.png"'))
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="a b.png"')
    expect((await fetch(await presign('attachment; filename="日本.png"\r\nx: y'))).headers.get('x')).toBeNull()
    expect(await (await fetch(await presign('inline'))).text()).toBe('for some')
  })

  test('a presigned PUT takes exactly the length and type it was made for', async () => {
    const { url, headers } = await storage.presignPut({ key: 'upload', contentType: 'image/png', sizeBytes: 5 })
    const { 'content-length': _, ...typed } = headers
    const attempt = (body: string, type = 'image/png') =>
      fetch(url, { method: 'PUT', headers: { ...typed, 'content-type': type }, body })
    expect((await attempt('12345', 'text/html')).status).toBe(403)
    expect((await attempt('1234')).status).toBe(403)
    expect((await attempt('123456')).status).toBe(403)
    expect(await storage.head('upload')).toBeNull()
    expect((await attempt('12345')).status).toBe(200)
    expect(await storage.head('upload')).toMatchObject({ sizeBytes: 5, contentType: 'image/png' })
  })

  test('a presigned PUT with a SHA-256 takes exactly those bytes', async () => {
    const sha256 = createHash('sha256').update('12345').digest('hex')
    const { url, headers } = await storage.presignPut({
      key: 'hashed',
      contentType: 'image/png',
      sizeBytes: 5,
      sha256,
    })
    expect((await fetch(url, { method: 'PUT', headers, body: '54321' })).status).toBe(400)
    const { 'x-amz-checksum-sha256': _, ...without } = headers
    expect((await fetch(url, { method: 'PUT', headers: without, body: '12345' })).status).toBe(403)
    expect(await storage.head('hashed')).toBeNull()
    expect((await fetch(url, { method: 'PUT', headers, body: '12345' })).status).toBe(200)
  })

  test('an x-amz header that was not signed is refused', async () => {
    const path = `/${Bucket}/secret`
    const headers = await signHeaders(endpoint, { path, method: 'PUT', body: 'x' })
    const answer = await send(endpoint, {
      path,
      method: 'PUT',
      headers: { ...headers, 'x-amz-meta-added': 'on the way' },
      body: 'x',
    })
    expect(answer.status).toBe(403)
    expect((await get()).Metadata).toEqual({})
  })
})

describe('aws-chunked bodies', () => {
  const MODE_SIGNED = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'
  const EMPTY = createHash('sha256').digest('hex')

  /** As the Java SDK and minio-go send over plain HTTP. `change` tampers with the body after it was signed. */
  async function putSigned(
    key: string,
    pieces: string[],
    options: { trailer?: string; change?: (body: string) => string } = {},
  ) {
    const at = new Date()
    const hasTrailer = options.trailer !== undefined
    const path = `/${Bucket}/${key}`
    const headers = await signHeaders(endpoint, {
      method: 'PUT',
      path,
      at,
      payload: hasTrailer ? `${MODE_SIGNED}-TRAILER` : MODE_SIGNED,
      headers: {
        'content-encoding': 'aws-chunked',
        'x-amz-decoded-content-length': String(pieces.join('').length),
        ...(hasTrailer ? { 'x-amz-trailer': 'x-amz-checksum-crc32' } : {}),
      },
    })
    const signer = signerFor(endpoint)
    const longDate = headers['x-amz-date'] ?? ''
    const scope = `${longDate.slice(0, 8)}/${endpoint.region}/s3/aws4_request`
    let previous = headers.authorization?.split('Signature=')[1] ?? ''
    const sign = async (algorithm: string, ...hashes: string[]) => {
      previous = await signer.sign([algorithm, longDate, scope, previous, ...hashes].join('\n'), { signingDate: at })
      return previous
    }
    const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
    let body = ''
    for (const piece of [...pieces, '']) {
      const signature = await sign('AWS4-HMAC-SHA256-PAYLOAD', EMPTY, sha256(piece))
      body += `${piece.length.toString(16)};chunk-signature=${signature}\r\n${piece}${piece === '' ? '' : '\r\n'}`
    }
    if (options.trailer !== undefined) {
      const line = `x-amz-checksum-crc32:${options.trailer}`
      const signature = await sign('AWS4-HMAC-SHA256-TRAILER', sha256(`${line}\n`))
      body += `${line}\r\nx-amz-trailer-signature:${signature}\r\n`
    }
    body = options.change?.(`${body}\r\n`) ?? `${body}\r\n`
    return send(endpoint, { method: 'PUT', path, headers, body })
  }
  const crcOf = (text: string) => {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(crc32(text))
    return bytes.toString('base64')
  }
  const pieces = ['a'.repeat(8_192), 'b'.repeat(8_192), 'tail']

  test('signed chunks are stored without their framing', async () => {
    expect((await putSigned('chunked', pieces)).status).toBe(200)
    expect((await bytesOf('chunked')).toString()).toBe(pieces.join(''))
  })

  test('aws-chunked is no encoding of the stored object', async () => {
    expect((await putSigned('chunked', pieces)).status).toBe(200)
    expect((await client.send(new HeadObjectCommand({ Bucket, Key: 'chunked' }))).ContentEncoding ?? '').toBe('')
  })

  test('signed chunks with a signed trailer checksum are stored', async () => {
    expect((await putSigned('chunked-trailer', pieces, { trailer: crcOf(pieces.join('')) })).status).toBe(200)
    expect((await bytesOf('chunked-trailer')).toString()).toBe(pieces.join(''))
  })

  test.each([
    ['a byte of a chunk', (body: string) => body.replace('bbbb', 'bbbc')],
    ['a chunk signature', (body: string) => body.replace(/chunk-signature=./, 'chunk-signature=g')],
    ['a chunk left out', (body: string) => body.replace(/2000;chunk-signature=[0-9a-f]{64}\r\nb+\r\n/, '')],
    ['the end cut off', (body: string) => body.slice(0, -100)],
  ])('%s changed on the way is refused, and nothing is stored', async (_what, change) => {
    const answer = await putSigned('chunked-forged', pieces, { change })
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.status).toBeLessThan(500)
    expect(await storage.head('chunked-forged')).toBeNull()
  })

  test('a trailer checksum that does not fit is refused, and nothing is stored', async () => {
    const answer = await putSigned('chunked-bad-trailer', pieces, { trailer: crcOf('other') })
    expect(answer.status).toBe(400)
    expect(await storage.head('chunked-bad-trailer')).toBeNull()
  })
})

describe('unfinished requests', () => {
  test('a PUT whose client goes away leaves no object', async () => {
    const path = `/${Bucket}/half`
    const body = Buffer.alloc(1_000_000, 7)
    const headers = await signHeaders(endpoint, { method: 'PUT', path, body })
    await new Promise<void>((resolve) => {
      const { hostname, port } = new URL(endpoint.url)
      const outgoing = request({
        hostname,
        port,
        method: 'PUT',
        path,
        headers: { ...headers, 'content-length': String(body.length) },
      })
      outgoing.on('error', () => undefined)
      outgoing.on('close', resolve)
      outgoing.write(body.subarray(0, 500_000), () => setTimeout(() => outgoing.destroy(), 100))
    })
    expect(await storage.head('half')).toBeNull()
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix: 'half' }))
    expect(Contents).toEqual([])
  })

  test('Expect: 100-continue hears 403 before it sends its body', async () => {
    const { hostname, port } = new URL(endpoint.url)
    const status = await new Promise<number>((resolve, reject) => {
      const outgoing = request(
        {
          hostname,
          port,
          method: 'PUT',
          path: `/${Bucket}/expected`,
          headers: { expect: '100-continue', 'content-length': '1000000' },
        },
        (incoming) => {
          resolve(incoming.statusCode ?? 0)
          outgoing.destroy()
        },
      )
      outgoing.on('continue', () => reject(new Error('was told to go on')))
      outgoing.on('error', reject)
      outgoing.flushHeaders()
    })
    expect(status).toBe(403)
  })
})
