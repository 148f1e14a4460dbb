// Everything Dewpoint runs on one machine, started in order and stopped in reverse: database, bucket, website, worker.
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
import { ROOT } from './node.mjs'
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
  readonly onProcessEnd?: (child: Child, how: string) => void
}

export interface Stack {
  readonly url: string
  /** What every process of the stack was started with. */
  readonly env: Readonly<Record<string, string>>
  readonly web: Child
  readonly workers: readonly Child[]
  addWorker(env?: Readonly<Record<string, string>>): Promise<Child>
  stop(): Promise<void>
}

const END_WITH_PARENT = join(ROOT, 'scripts/lib/end-with-parent.mjs')
const WEB_STOP_GRACE_MS = 5_000
/** Over the drain bound: the time a worker needs to give its jobs back. */
const WORKER_STOP_MARGIN_MS = 5_000
/** Gives way to the website without starving beside other niced work. */
const WORKER_NICENESS = 5
const WEB_READY_TIMEOUT_MS = 60_000

/** Starts all of it, or stops what was already started and rejects. Port in use: rejects before anything is started. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const port = await freePort(options.port, options.host)
  if (port === null) throw new PortTakenError(options.port)
  mkdirSync(join(options.dataDir, 'logs'), { recursive: true })
  const stops: (() => Promise<void>)[] = []
  let stopping = false
  const stop = async () => {
    stopping = true
    for (const stopOne of stops.splice(0).reverse()) await stopOne()
  }
  try {
    const env = await startServices(options, port, stops)
    const watch = (child: Child) => {
      void child.ended.then((how) => {
        if (!stopping) options.onProcessEnd?.(child, how)
      })
      return child
    }
    const web = watch(startWeb(options, port, env))
    stops.push(() => web.stop(WEB_STOP_GRACE_MS))
    const workers: Child[] = []
    const addWorker = async (extra: Readonly<Record<string, string>> = {}) => {
      const worker = watch(startWorker(options, workers.length, { ...env, ...extra }))
      workers.push(worker)
      stops.push(() => worker.stop(options.drainTimeoutMs + WORKER_STOP_MARGIN_MS))
      await worker.ready()
      return worker
    }
    // The worker verifies and loads the model while the website starts, and asks again until it answers.
    const started = Array.from({ length: options.workers }, () => addWorker())
    await Promise.all([webAnswers(web, `http://${reachable(options.host)}:${port}/`), ...started])
    return { url: env.APP_URL ?? `http://localhost:${port}`, env, web, workers, addWorker, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

export class PortTakenError extends Error {
  constructor(port: number) {
    super(`Port ${port} is taken by another program. Stop that one, or choose another port: PORT=${port + 1} npm start`)
    this.name = 'PortTakenError'
  }
}

/** Database and bucket, and the settings that lead to them. */
async function startServices(
  { dataDir, env: outside, host }: StackOptions,
  port: number,
  stops: (() => Promise<void>)[],
) {
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
    const postgres = await startEmbeddedPostgres({ dir: join(dataDir, 'postgres') })
    stops.push(() => postgres.stop())
    env.DATABASE_URL = postgres.url
  }
  await migrate(String(env.DATABASE_URL))
  if (outside.S3_ENDPOINT === undefined && outside.S3_BUCKET === undefined) {
    Object.assign(env, await startBucket(dataDir, secrets, corsOrigins(env, port), stops))
  }
  return env
}

async function startBucket(
  dataDir: string,
  secrets: Secrets,
  origins: readonly string[],
  stops: (() => Promise<void>)[],
) {
  const keys = { accessKeyId: secrets.S3_ACCESS_KEY_ID, secretAccessKey: secrets.S3_SECRET_ACCESS_KEY }
  const s3 = await startEmbeddedS3({ dir: join(dataDir, 'bucket'), port: 0, corsOrigins: origins, ...keys })
  stops.push(() => s3.stop())
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

/** A worker gets what it needs and no more: no database and no bucket credentials. */
function startWorker(
  { dataDir, drainTimeoutMs }: StackOptions,
  index: number,
  env: Readonly<Record<string, string>>,
): Child {
  const withheld = /^(DATABASE_URL|AUTH_SECRET|S3_.*)$/
  const worker = startChild({
    name: index === 0 ? 'The worker' : `Worker ${index + 1}`,
    args: ['--import', END_WITH_PARENT, join(ROOT, 'gpu-worker/main.ts')],
    cwd: ROOT,
    env: {
      DRAIN_TIMEOUT_MS: String(drainTimeoutMs),
      ...Object.fromEntries(Object.entries(env).filter(([name]) => !withheld.test(name))),
    },
    logPath: join(dataDir, 'logs', index === 0 ? 'worker.log' : `worker-${index + 1}.log`),
  })
  // On one machine pages and model share the cores; a page is a few milliseconds, and a person waits for it.
  if (env.EXECUTION_PROVIDER !== 'cuda' && worker.pid !== 0) setPriority(worker.pid, WORKER_NICENESS)
  return worker
}

async function webAnswers(web: Child, url: string): Promise<void> {
  const ended = web.ended.then((how) => {
    throw new Error(`${web.name} ${how} before it answered:\n${web.tail()}`)
  })
  await Promise.race([ended, pollUntilAnswered(url)])
}

async function pollUntilAnswered(url: string): Promise<void> {
  const deadline = Date.now() + WEB_READY_TIMEOUT_MS
  for (;;) {
    const response = await fetch(url).catch(() => null)
    if (response?.ok === true) return
    if (Date.now() > deadline) {
      throw new Error(
        `${url} did not answer within ${WEB_READY_TIMEOUT_MS / 1000} s (last: ${response?.status ?? 'no connection'})`,
      )
    }
    await sleep(50)
  }
}

/** An address to call a server by that listens on `host`. */
const reachable = (host: string) => (host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host)

const definedOnly = (env: Readonly<Record<string, string | undefined>>) =>
  Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ''),
  )
