// The embedded bucket when things go wrong: killed in the middle of a write, restarted, out of room, gone.
import { spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createStorage, type Storage } from '#server/storage/index.ts'
import { BUCKET, type EmbeddedProcess, KEYS, startProcess } from './embedded-process.ts'

let dir: string
let port: number
let running: EmbeddedProcess | null = null

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'dewpoint-s3-faults-'))
  port = await freePort()
})
afterEach(async () => {
  await running?.kill('SIGKILL')
  running = null
  await rm(dir, { recursive: true, force: true })
})

async function start(limitKiB?: number): Promise<EmbeddedProcess> {
  running = await startProcess(dir, port, limitKiB)
  return running
}

async function end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
  const process = running
  running = null
  return (await process?.kill(signal)) ?? null
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

const PNG = { contentType: 'image/png' }
const temporaries = () => readdir(path.join(dir, 's3/temporary'))

async function read(storage: Storage, key: string): Promise<Buffer | null> {
  const object = await storage.get(key)
  return object === null ? null : Buffer.from(await new Response(object.body).arrayBuffer())
}

/** Begins a PUT that never ends: half of what it announces, then silence. */
async function halfPut({ url, storage }: EmbeddedProcess, key: string): Promise<void> {
  const sizeBytes = 2_000_000
  const ticket = await storage.presignPut({ key, contentType: 'image/png', sizeBytes })
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(new Uint8Array(sizeBytes / 2).fill(9)),
  })
  expect(ticket.url.startsWith(url)).toBe(true)
  // Node's fetch sends what the stream has, and waits for the rest.
  void fetch(ticket.url, { method: 'PUT', headers: ticket.headers, body, duplex: 'half' } as RequestInit).catch(
    () => undefined,
  )
  const started = performance.now()
  while ((await temporaries()).length === 0) {
    if (performance.now() - started > 10_000) throw new Error('The PUT never reached the disk')
    await sleep(10)
  }
  await sleep(100)
}

test('SIGKILL in the middle of a PUT leaves no object, and the old one where there was one', async () => {
  const before = await start()
  await before.storage.put('old', Buffer.from('as it was'), PNG)
  await halfPut(before, 'old')
  await halfPut(before, 'new')
  await end('SIGKILL')

  const { storage } = await start()
  expect((await read(storage, 'old'))?.toString()).toBe('as it was')
  expect(await storage.head('new')).toBeNull()
  const keys: string[] = []
  for await (const { key } of storage.list('')) keys.push(key)
  expect(keys).toEqual(['old'])
})

test('what a dead process left half written is removed once it is an hour old', async () => {
  await halfPut(await start(), 'new')
  await end('SIGKILL')
  const [name = ''] = await temporaries()
  const file = path.join(dir, 's3/temporary', name)
  await start()
  expect(await temporaries()).toEqual([name])
  await end('SIGTERM')
  const anHourAgo = new Date(Date.now() - 61 * 60_000)
  await utimes(file, anHourAgo, anHourAgo)
  await start()
  expect(await temporaries()).toEqual([])
})

test('killed at any moment under load, every object it has is whole, and every acknowledged one is there', async () => {
  const acknowledged = new Map<string, string>()
  for (let round = 0; round < 4; round++) {
    const { storage } = await start()
    const writers = Array.from({ length: 6 }, async (_, writer) => {
      for (let at = 0; ; at++) {
        const bytes = randomBytes(50_000 + Math.floor(Math.random() * 400_000))
        const key = `r${round}/w${writer}/${at}`
        try {
          await storage.put(key, bytes, PNG)
          acknowledged.set(key, createHash('sha256').update(bytes).digest('hex'))
        } catch {
          return
        }
      }
    })
    await sleep(300 + Math.random() * 500)
    await end('SIGKILL')
    await Promise.all(writers)
  }
  expect(acknowledged.size).toBeGreaterThan(20)

  const { storage } = await start()
  const found = new Set<string>()
  for await (const { key, sizeBytes } of storage.list('')) {
    const bytes = await read(storage, key)
    expect(bytes?.length).toBe(sizeBytes)
    const etag = (await storage.head(key))?.etag
    expect(etag).toBe(
      `"${createHash('md5')
        .update(bytes ?? '')
        .digest('hex')}"`,
    )
    const hash = acknowledged.get(key)
    if (hash !== undefined)
      expect(
        createHash('sha256')
          .update(bytes ?? '')
          .digest('hex'),
      ).toBe(hash)
    found.add(key)
  }
  expect([...acknowledged.keys()].filter((key) => !found.has(key))).toEqual([])
})

test('SIGTERM ends it cleanly, and the next start has everything', async () => {
  const first = await start()
  await first.storage.put('kept', randomBytes(100_000), PNG)
  const etag = (await first.storage.head('kept'))?.etag
  expect(await end('SIGTERM')).toBe(0)
  expect((await (await start()).storage.head('kept'))?.etag).toBe(etag)
})

test('out of room: the PUT is refused with 507, the old object stays, reading and deleting go on', async () => {
  const { storage, url } = await start(200)
  await storage.put('small', randomBytes(100_000), PNG)
  const before = await read(storage, 'small')
  for (const key of ['small', 'large']) {
    await expect(storage.put(key, randomBytes(400_000), PNG)).rejects.toMatchObject({
      code: 'storage.unavailable',
      cause: { name: 'InternalError', $metadata: { httpStatusCode: 507 } },
    })
  }
  const ticket = await storage.presignPut({ key: 'large', contentType: 'image/png', sizeBytes: 400_000 })
  const answer = await fetch(ticket.url, { method: 'PUT', headers: ticket.headers, body: new Uint8Array(400_000) })
  expect(answer.status).toBe(507)
  expect(await answer.text()).not.toContain(dir)
  expect(url).toContain('127.0.0.1')
  expect(await storage.head('large')).toBeNull()
  expect(await read(storage, 'small')).toEqual(before)
  expect(await temporaries()).toEqual([])
  await storage.delete(['small'])
  expect(await storage.head('small')).toBeNull()
})

test('a damaged file is an error of the store, never half a picture', async () => {
  const { storage } = await start()
  await storage.put('damaged', randomBytes(10_000), PNG)
  await writeFile(path.join(dir, 's3/buckets', BUCKET, 'o.damaged'), randomBytes(5_000))
  await expect(storage.get('damaged')).rejects.toMatchObject({ code: 'storage.unavailable' })
})

test('a store that is gone is storage.unavailable with its cause, for every call', async () => {
  const storage = createStorage({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    bucket: BUCKET,
    ...KEYS,
    forcePathStyle: true,
    maxAttempts: 2,
  })
  const calls = [
    () => storage.put('a', new Uint8Array(1), PNG),
    () => storage.get('a'),
    () => storage.head('a'),
    () => storage.delete(['a']),
    () => storage.ensureBucket(),
    async () => {
      for await (const _ of storage.list(''));
    },
  ]
  for (const call of calls) {
    await expect(call()).rejects.toMatchObject({ code: 'storage.unavailable', cause: { code: 'ECONNREFUSED' } })
  }
  storage.dispose()
})

test('a store that takes the call and never answers, or stops half way, is given up', async () => {
  const silent = createServer().listen(0, '127.0.0.1')
  await once(silent, 'listening')
  let answer = ''
  silent.on('connection', (socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => socket.write(answer))
  })
  const storage = createStorage({
    endpoint: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
    region: 'us-east-1',
    bucket: BUCKET,
    ...KEYS,
    forcePathStyle: true,
    maxAttempts: 1,
    idleTimeoutMs: 300,
  })
  for (const call of [
    () => storage.get('a'),
    () => storage.head('a'),
    () => storage.put('a', new Uint8Array(9), PNG),
  ]) {
    await expect(call()).rejects.toMatchObject({ code: 'storage.unavailable', cause: { name: 'TimeoutError' } })
  }
  answer = 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nContent-Type: image/png\r\n\r\nhalf'
  const half = await storage.get('a')
  await expect(new Response(half?.body).arrayBuffer()).rejects.toThrow()
  storage.dispose()
  silent.close()
})

test('wrong keys and a missing bucket are storage.unavailable, not a missing object', async () => {
  const { url } = await start()
  const config = { endpoint: url, region: 'us-east-1', bucket: BUCKET, ...KEYS, forcePathStyle: true }
  const stranger = createStorage({ ...config, secretAccessKey: 'notthesecretatall' })
  await expect(stranger.get('a')).rejects.toMatchObject({ cause: { name: 'SignatureDoesNotMatch' } })
  const lost = createStorage({ ...config, bucket: 'no-such-bucket' })
  await expect(lost.get('a')).rejects.toMatchObject({ cause: { name: 'NoSuchBucket' } })
  stranger.dispose()
  lost.dispose()
})

test.each([
  [{ S3_SECRET_ACCESS_KEY: '' }, 'S3_SECRET_ACCESS_KEY'],
  [{ S3_ENDPOINT: 'http://0.0.0.0:9000' }, 'loopback only'],
  [{ S3_ENDPOINT: 'https://127.0.0.1:9000' }, 'S3_ENDPOINT'],
])('started with %j it says what is wrong and ends', (change, words) => {
  const env = {
    DATA_DIR: dir,
    S3_ENDPOINT: `http://127.0.0.1:${port}`,
    S3_ACCESS_KEY_ID: 'a',
    S3_SECRET_ACCESS_KEY: 'longenough',
    ...change,
  }
  const { status, stdout } = spawnSync(process.execPath, ['infra/embedded/s3/main.ts'], {
    env: env as unknown as NodeJS.ProcessEnv,
    encoding: 'utf8',
  })
  expect(status).toBe(1)
  expect(stdout).toContain(words)
})

test('a port that is taken is said in plain words', async () => {
  await start()
  await expect(startProcess(dir, port)).rejects.toThrow('ended with 1')
})
