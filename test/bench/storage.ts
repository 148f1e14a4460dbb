// How fast a picture goes into the bucket and out again: the embedded endpoint, and versitygw (a real S3 server) in the same
// run on the same disk. `node test/bench/storage.ts`; VERSITYGW names its binary where it is not on the PATH.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createStorage, type Storage } from '#server/storage/index.ts'

/** A 512-pixel PNG. */
const OBJECT_SIZE_BYTES = 200_000
const WARM_UP = 50
const CALLS = 500
const CONCURRENCY = 8
const KEYS = { accessKeyId: 'benchkey', secretAccessKey: 'benchbenchbench' }

interface Row {
  readonly server: string
  readonly call: string
  readonly p50Ms: number
  readonly p99Ms: number
  readonly perSecond: number
}

interface Server {
  readonly name: string
  readonly url: string
  stop(): Promise<void>
}

async function startEmbedded(dir: string): Promise<Server> {
  const port = await freePort()
  const child = spawn(process.execPath, ['infra/embedded/s3/main.ts'], {
    // Its own process, as the other server is: no shared event loop flatters it.
    env: {
      ...process.env,
      DATA_DIR: dir,
      S3_ENDPOINT: `http://127.0.0.1:${port}`,
      S3_ACCESS_KEY_ID: KEYS.accessKeyId,
      S3_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
    },
    stdio: 'ignore',
  })
  return { name: 'embedded', url: await answering(port), stop: async () => void child.kill() }
}

async function startVersitygw(dir: string): Promise<Server | null> {
  const port = await freePort()
  const binary = process.env.VERSITYGW ?? 'versitygw'
  await mkdir(dir, { recursive: true })
  const child = spawn(binary, ['--port', `127.0.0.1:${port}`, 'posix', dir], {
    env: { ...process.env, ROOT_ACCESS_KEY: KEYS.accessKeyId, ROOT_SECRET_KEY: KEYS.secretAccessKey },
    stdio: 'ignore',
  })
  const isMissing = await Promise.race([
    new Promise<boolean>((resolve) => child.once('error', () => resolve(true))),
    answering(port).then(() => false),
  ])
  return isMissing ? null : { name: 'versitygw', url: `http://127.0.0.1:${port}`, stop: async () => void child.kill() }
}

async function measure(server: Server): Promise<Row[]> {
  const storage = createStorage({
    endpoint: server.url,
    region: 'us-east-1',
    bucket: 'bench',
    ...KEYS,
    forcePathStyle: true,
  })
  await storage.ensureBucket()
  const body = randomBytes(OBJECT_SIZE_BYTES)
  const put = (key: number) => storage.put(`b/${key}`, body, { contentType: 'image/png' })
  const get = (key: number) => read(storage, `b/${key}`)
  for (let at = 0; at < WARM_UP; at++) {
    await put(at)
    await get(at)
  }
  const rows = [
    await time(server.name, 'PUT 200 kB', 1, put),
    await time(server.name, 'GET 200 kB', 1, get),
    await time(server.name, `PUT 200 kB, ${CONCURRENCY} at once`, CONCURRENCY, put),
    await time(server.name, `GET 200 kB, ${CONCURRENCY} at once`, CONCURRENCY, get),
    await time(server.name, 'HEAD', 1, (key) => storage.head(`b/${key}`)),
  ]
  storage.dispose()
  return rows
}

async function read(storage: Storage, key: string): Promise<void> {
  const object = await storage.get(key)
  const bytes = await new Response(object?.body).arrayBuffer()
  if (bytes.byteLength !== OBJECT_SIZE_BYTES) throw new Error(`${key} has ${bytes.byteLength} bytes`)
}

async function time(server: string, call: string, width: number, run: (key: number) => Promise<unknown>): Promise<Row> {
  const times: number[] = []
  let next = 0
  const started = performance.now()
  await Promise.all(
    Array.from({ length: width }, async () => {
      while (next < CALLS) {
        const key = next++
        const from = performance.now()
        await run(key)
        times.push(performance.now() - from)
      }
    }),
  )
  const totalMs = performance.now() - started
  times.sort((a, b) => a - b)
  const at = (share: number) => Number((times[Math.floor(times.length * share)] ?? 0).toFixed(2))
  return { server, call, p50Ms: at(0.5), p99Ms: at(0.99), perSecond: Math.round((CALLS / totalMs) * 1_000) }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

async function answering(port: number): Promise<string> {
  const url = `http://127.0.0.1:${port}`
  while (
    !(await fetch(url).then(
      () => true,
      () => false,
    ))
  ) {
    await sleep(50)
  }
  return url
}

export async function benchStorage(): Promise<Row[]> {
  const dir = await mkdtemp(path.join(tmpdir(), 'dewpoint-bench-s3-'))
  const servers = [await startEmbedded(path.join(dir, 'embedded')), await startVersitygw(path.join(dir, 'versitygw'))]
  const rows: Row[] = []
  for (const server of servers) {
    if (server === null) continue
    rows.push(...(await measure(server)))
    await server.stop()
  }
  await rm(dir, { recursive: true, force: true })
  return rows
}

if (import.meta.main) {
  const rows = await benchStorage()
  console.table(rows)
  console.log(JSON.stringify({ bench: 'storage', objectSizeBytes: OBJECT_SIZE_BYTES, calls: CALLS, rows }))
  if (!rows.some(({ server }) => server === 'versitygw')) console.log('versitygw was not found; set VERSITYGW')
}
