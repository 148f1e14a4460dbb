// Everything Dewpoint runs on one machine, started in order, kept up, and stopped in reverse: database, bucket, website, workers.
// `npm start` and the end-to-end tests start the same stack; only folders and ports differ.
import { mkdirSync } from 'node:fs'
import { setPriority } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startEmbeddedPostgres } from '#infra/embedded/postgres/start-embedded-postgres.ts'
import { startEmbeddedS3 } from '#infra/embedded/s3/main.ts'
import { migrate } from '#server/db/migrate.ts'
import { createStorage } from '#server/storage/index.ts'
import { type Child, startChild } from './child.ts'
import { freePort } from './free-port.ts'
import { type Kept, keep, type Part } from './keep.ts'
import { ROOT } from './node.mjs'
import { SetupError } from './say.mjs'
import { localSecrets, type Secrets } from './secrets.ts'

export interface StackOptions {
  readonly dataDir: string
  /** 0: one the system chooses. */
  readonly port: number
  readonly host: string
  /** Settings from outside; DATABASE_URL and S3_* in it replace the embedded services. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly workers: number
  /** How long a worker may take to finish its jobs when it is told to stop. */
  readonly drainTimeoutMs: number
  /** Told when a part ended, why, and when it is back. */
  readonly onNews?: (news: string) => void
}

export interface Stack {
  readonly url: string
  /** What every process of the stack was started with. */
  readonly env: Readonly<Record<string, string>>
  /** Ends everything, within a bound. Never rejects. */
  stop(): Promise<void>
}

/** What can be stopped. */
type Started = Pick<Kept, 'stop'>

const END_WITH_PARENT = join(ROOT, 'scripts/lib/end-with-parent.mjs')
const WEB_STOP_GRACE_MS = 5_000
/** Over the drain bound: the time a worker needs to give its jobs back. */
const WORKER_STOP_MARGIN_MS = 5_000
/** Gives way to the website without starving beside other niced work. */
const WORKER_NICENESS = 5
const WEB_READY_TIMEOUT_MS = 60_000

/**
 * Starts all of it, or stops what was already started and rejects: with a SetupError where a person can do something about it. Resolves
 * when the website answers and each worker is ready or has failed once; a worker that fails is started again and takes nothing down.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const port = await requireFreePort(options.port, options.host)
  mkdirSync(join(options.dataDir, 'logs'), { recursive: true, mode: 0o700 })
  const started: Started[] = []
  const stop = async () => {
    for (const one of started.splice(0).reverse()) await one.stop()
  }
  const onNews = options.onNews ?? (() => undefined)
  try {
    const env = await startServices(options, port, started)
    const web = keep({
      name: 'The website',
      onNews,
      start: async (signal) => {
        const child = startWeb(options, port, env)
        await whenReady(child, webAnswers(child, `http://${reachable(options.host)}:${port}/`), signal)
        return partOf(child, WEB_STOP_GRACE_MS)
      },
    })
    // They wait for a website for ever; for one that cannot start they need not.
    const givenUp = new AbortController()
    web.catch(() => givenUp.abort())
    // A worker verifies and loads the models while the website starts, and asks again until it answers.
    const workers = Array.from({ length: options.workers }, (_, index) => {
      const name = index === 0 ? 'The worker' : `Worker ${index + 1}`
      return keep({
        name,
        onNews,
        isOptional: true,
        signal: givenUp.signal,
        start: (signal) => startWorker(options, { name, index, env, signal }),
      })
    })
    const all = await Promise.allSettled([web, ...workers])
    started.push(...all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])))
    await web
    return { url: env.APP_URL ?? `http://localhost:${port}`, env, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** @throws SetupError naming another port to try. */
export async function requireFreePort(wanted: number, host: string): Promise<number> {
  const port = await freePort(wanted, host)
  if (port !== null) return port
  throw new SetupError(
    `Port ${wanted} is taken by another program. Stop that one, or choose another port: PORT=${wanted + 1} npm start`,
  )
}

const partOf = (child: Child, graceMs: number): Part => ({
  ended: child.ended,
  lastLines: child.tail,
  stop: () => child.stop(graceMs),
})

/** Waits for a child that starts, and tells it to stop when nobody wants it any more: there is nothing to finish yet. */
async function whenReady(child: Child, ready: Promise<void>, signal: AbortSignal): Promise<void> {
  const stop = () => child.stop(WEB_STOP_GRACE_MS)
  signal.addEventListener('abort', stop)
  try {
    await ready
  } catch (error) {
    await stop()
    throw error
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** Database and bucket, and the settings that lead to them. */
async function startServices({ dataDir, env: outside, host, onNews }: StackOptions, port: number, started: Started[]) {
  const secrets = localSecrets(dataDir)
  const env: Record<string, string> = {
    ...secrets,
    ...definedOnly(outside),
    NODE_ENV: 'production',
    NEXT_TELEMETRY_DISABLED: '1',
    PORT: String(port),
    APP_URL: outside.APP_URL ?? `http://localhost:${port}`,
    DATA_DIR: dataDir,
    MODELS_DIR: outside.MODELS_DIR ?? join(ROOT, 'models'),
    GATEWAY_URL: outside.GATEWAY_URL ?? `http://${reachable(host)}:${port}`,
  }
  if (outside.DATABASE_URL === undefined) {
    env.DATABASE_URL = await startDatabase(join(dataDir, 'postgres'), started, onNews)
  }
  await migrate(env.DATABASE_URL ?? '').catch((cause: Error) => {
    throw new SetupError(`The database at ${withoutPassword(env.DATABASE_URL)} cannot be used: ${reasonOf(cause)}`, {
      cause,
    })
  })
  if (outside.S3_ENDPOINT === undefined && outside.S3_BUCKET === undefined) {
    Object.assign(env, await startBucket(dataDir, secrets, corsOrigins(env, port), started))
  }
  return env
}

/** @returns its URL, which stays the same over restarts: the website is told it once. */
async function startDatabase(dir: string, started: Started[], onNews: StackOptions['onNews']): Promise<string> {
  let known: { readonly url: string; readonly port: number } | undefined
  const database = await keep({
    name: 'The database',
    ...(onNews === undefined ? {} : { onNews }),
    start: async () => {
      const postgres = await startEmbeddedPostgres({ dir, port: known?.port ?? 0 })
      known = postgres
      return postgres
    },
  })
  started.push(database)
  return known?.url ?? ''
}

/** The embedded bucket lives in this process, and as long as it. */
async function startBucket(dataDir: string, secrets: Secrets, origins: readonly string[], started: Started[]) {
  const keys = { accessKeyId: secrets.S3_ACCESS_KEY_ID, secretAccessKey: secrets.S3_SECRET_ACCESS_KEY }
  const s3 = await startEmbeddedS3({ dir: join(dataDir, 'bucket'), port: 0, corsOrigins: origins, ...keys })
  started.push(s3)
  const place = { endpoint: s3.url, region: 'us-east-1', bucket: 'dewpoint', forcePathStyle: true }
  await createStorage({ ...place, ...keys }).ensureBucket()
  return {
    S3_ENDPOINT: place.endpoint,
    S3_REGION: place.region,
    S3_BUCKET: place.bucket,
    S3_FORCE_PATH_STYLE: 'true',
    S3_ACCESS_KEY_ID: keys.accessKeyId,
    S3_SECRET_ACCESS_KEY: keys.secretAccessKey,
  }
}

/** Pages upload straight to the bucket, under whichever name their person typed. */
const corsOrigins = (env: Readonly<Record<string, string>>, port: number) => [
  ...new Set([new URL(env.APP_URL ?? '').origin, `http://localhost:${port}`, `http://127.0.0.1:${port}`]),
]

function startWeb({ dataDir, host }: StackOptions, port: number, env: Readonly<Record<string, string>>): Child {
  return startChild({
    name: 'The website',
    args: [
      '--import',
      END_WITH_PARENT,
      join(ROOT, 'node_modules/next/dist/bin/next'),
      'start',
      '-p',
      String(port),
      '-H',
      host,
    ],
    cwd: ROOT,
    env,
    logPath: join(dataDir, 'logs', 'web.log'),
  })
}

interface WorkerOptions {
  readonly name: string
  readonly index: number
  readonly env: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

/** A worker gets what it needs and no more: no database and no bucket credentials. Resolves when the website knows it. */
async function startWorker(
  { dataDir, drainTimeoutMs }: StackOptions,
  { name, index, env, signal }: WorkerOptions,
): Promise<Part> {
  const withheld = /^(DATABASE_URL|AUTH_SECRET|S3_.*)$/
  const worker = startChild({
    name,
    args: ['--import', END_WITH_PARENT, join(ROOT, 'gpu-worker/main.ts')],
    cwd: ROOT,
    env: {
      DRAIN_TIMEOUT_MS: String(drainTimeoutMs),
      ...Object.fromEntries(Object.entries(env).filter(([key]) => !withheld.test(key))),
    },
    logPath: join(dataDir, 'logs', index === 0 ? 'worker.log' : `worker-${index + 1}.log`),
  })
  // On one machine pages and model share the cores; a page is a few milliseconds, and a person waits for it.
  if (env.EXECUTION_PROVIDER !== 'cuda' && worker.pid !== 0) setPriority(worker.pid, WORKER_NICENESS)
  await whenReady(worker, worker.ready(), signal)
  return partOf(worker, drainTimeoutMs + WORKER_STOP_MARGIN_MS)
}

async function webAnswers(web: Child, url: string): Promise<void> {
  const ended = web.ended.then((how) => {
    throw new SetupError(`${web.name} ${how} before it answered:\n${web.tail()}`)
  })
  await Promise.race([ended, pollUntilAnswered(url)])
}

async function pollUntilAnswered(url: string): Promise<void> {
  const deadline = Date.now() + WEB_READY_TIMEOUT_MS
  for (;;) {
    const response = await fetch(url).catch(() => null)
    if (response?.ok === true) return
    if (Date.now() > deadline) {
      throw new SetupError(
        `${url} did not answer within ${WEB_READY_TIMEOUT_MS / 1000} s (last: ${response?.status ?? 'no connection'})`,
      )
    }
    await sleep(50)
  }
}

const withoutPassword = (url = '') => url.replace(/:[^:@/]*@/, ':…@')

/** Of several addresses tried, the first one's reason. */
const reasonOf = (error: Error): string =>
  error instanceof AggregateError ? String(error.errors[0]?.message) : error.message

/** An address to call a server by that listens on `host`. */
const reachable = (host: string) => (host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host)

const definedOnly = (env: Readonly<Record<string, string | undefined>>) =>
  Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ''),
  )
