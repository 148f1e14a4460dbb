// What a presigned URL binds; that stores enforce it is asked of real ones in test/integration/storage/.
import { expect, test } from 'vitest'
import { createStorage, PRESIGN_EXPIRY_MAX_S, type StorageConfig } from '#server/storage/index.ts'

const CONFIG: StorageConfig = {
  endpoint: 'http://bucket.internal:9000',
  publicEndpoint: 'https://pictures.example.org',
  region: 'us-east-1',
  bucket: 'dewpoint',
  accessKeyId: 'KEY',
  secretAccessKey: 'SECRET',
  forcePathStyle: true,
}
const PUT = { key: 'quarantine/ü 1', contentType: 'image/png', sizeBytes: 1_234 }

test('a PUT binds key, type, length and content, for five minutes at most', async () => {
  const { url, headers, expiresAt } = await createStorage(CONFIG).presignPut({ ...PUT, sha256: '0f'.repeat(32) })
  const { pathname, searchParams } = new URL(url)
  expect(pathname).toBe('/dewpoint/quarantine/%C3%BC%201')
  expect(searchParams.get('X-Amz-SignedHeaders')).toBe('content-length;content-type;host;x-amz-checksum-sha256')
  expect(searchParams.get('X-Amz-Expires')).toBe('300')
  expect(headers).toEqual({
    'content-type': 'image/png',
    'content-length': '1234',
    'x-amz-checksum-sha256': Buffer.from('0f'.repeat(32), 'hex').toString('base64'),
  })
  expect(Math.abs(expiresAt.getTime() - Date.now() - PRESIGN_EXPIRY_MAX_S * 1_000)).toBeLessThan(5_000)
})

test('no checksum of an empty body slips into a PUT', async () => {
  const { url } = await createStorage(CONFIG).presignPut(PUT)
  expect([...new URL(url).searchParams.keys()].filter((name) => /checksum/i.test(name))).toEqual([])
})

test('URLs are for the public endpoint, unless they are for a neighbour of the server', async () => {
  const storage = createStorage(CONFIG)
  expect(new URL(await storage.presignGet({ key: 'k' })).origin).toBe('https://pictures.example.org')
  expect(new URL((await storage.presignPut(PUT)).url).origin).toBe('https://pictures.example.org')
  const inside = await storage.presignGet({ key: 'k', audience: 'internal' })
  expect(new URL(inside).origin).toBe('http://bucket.internal:9000')
})

test('without a public endpoint there is one endpoint, and without any AWS is meant', async () => {
  const { publicEndpoint: _, ...one } = CONFIG
  expect(new URL(await createStorage(one).presignGet({ key: 'k' })).host).toBe('bucket.internal:9000')
  const { endpoint: __, ...aws } = one
  const url = await createStorage({ ...aws, region: 'eu-west-1', forcePathStyle: false }).presignGet({ key: 'k' })
  expect(new URL(url).host).toBe('dewpoint.s3.eu-west-1.amazonaws.com')
})

test.each([0, -1, 1.5, PRESIGN_EXPIRY_MAX_S + 1, Number.NaN])('%d s is no expiry', async (expiresInS) => {
  const storage = createStorage(CONFIG)
  await expect(async () => storage.presignGet({ key: 'k', expiresInS })).rejects.toThrow(RangeError)
  await expect(async () => storage.presignPut({ ...PUT, expiresInS })).rejects.toThrow(RangeError)
})

test.each([0, -1, 1.5, Number.NaN])('%d bytes are no size', async (sizeBytes) => {
  await expect(createStorage(CONFIG).presignPut({ ...PUT, sizeBytes })).rejects.toThrow(`got ${sizeBytes}`)
})

test.each(['', 'abc', 'G'.repeat(64), 'A'.repeat(64)])('%j is no SHA-256', async (sha256) => {
  await expect(createStorage(CONFIG).presignPut({ ...PUT, sha256 })).rejects.toThrow('64 lower-case')
})
