// Everything a web process holds for as long as it lives, made once from its environment: database, storage, queue,
// notifications, auth, upkeep. Next may load this module more than once (per bundle, per reload), so the one instance hangs
// on globalThis.
import { createHash, hkdfSync } from 'node:crypto'
import type { ModelDto, NetworkDto } from '#contracts/api.ts'
import { limitsFrom } from './allowance/limits.ts'
import { type Auth, createAuth } from './auth/create-auth.ts'
import { createDb } from './db/client.ts'
import { startNotifications } from './db/notifications.ts'
import type { Deps } from './deps.ts'
import { readServerEnv, type ServerEnv } from './env.ts'
import { byTheSecond } from './guards/by-the-second.ts'
import { createGuards, type Guards } from './guards/guards.ts'
import { createLog, type Log } from './log.ts'
import { readInstalledModels } from './model-folder/installed-models.ts'
import { listModels } from './models/list-models.ts'
import { listNetworks } from './models/list-networks.ts'
import { startQueue } from './queue/queue.ts'
import { createStorage } from './storage/index.ts'
import { startUpkeep } from './upkeep.ts'

export interface Container {
  readonly deps: Deps
  /** The same for the worker gateway and upkeep, on connections of their own: no visitor can keep a picture from being finished. */
  readonly gateway: Deps
  readonly guards: Guards
  /** The same for everybody, so asked for once a second at most. */
  readonly lists: { readonly models: () => Promise<ModelDto[]>; readonly networks: () => Promise<NetworkDto[]> }
  readonly auth: Auth
  readonly workerToken: string
  /** Fires when close() begins, so that subscriptions and long polls end. */
  readonly closing: AbortSignal
  /** Ends what never ends by itself and starts nothing new; requests under way can still finish. */
  drain(): Promise<void>
  close(): Promise<void>
}

/** A report or a claim is a few short statements; the sweep is one more. */
const GATEWAY_CONNECTIONS_MAX = 6

/** @throws Error when the environment is wrong or the database or the models cannot be read. */
export async function createContainer(env: ServerEnv, log: Log = createLog(env.LOG_LEVEL)): Promise<Container> {
  const onError = (what: string) => (error: Error) => log.warn({ err: error }, what)
  const models = await readInstalledModels(env.MODELS_DIR)
  const onConnectionError = onError('a database connection broke')
  const db = createDb(env.DATABASE_URL, { onConnectionError })
  const gatewayDb = createDb(env.DATABASE_URL, { onConnectionError, connectionsMax: GATEWAY_CONNECTIONS_MAX })
  const queue = await startQueue(env.DATABASE_URL, { onError: onError('queue upkeep failed') })
  const notifications = startNotifications(env.DATABASE_URL, onError('notifications are down; looking by the clock'))
  const appUrl = env.APP_URL.replace(/\/+$/, '')
  const deps: Deps = {
    db,
    queue,
    notifications,
    models,
    log,
    appUrl,
    limits: limitsFrom(env),
    signingKey: deriveKey(env.AUTH_SECRET, 'dewpoint cursors'),
    storage: createStorage({
      endpoint: env.S3_ENDPOINT,
      publicEndpoint: env.S3_PUBLIC_ENDPOINT,
      region: env.S3_REGION,
      bucket: env.S3_BUCKET,
      accessKeyId: env.S3_ACCESS_KEY_ID,
      secretAccessKey: env.S3_SECRET_ACCESS_KEY,
      forcePathStyle: env.S3_FORCE_PATH_STYLE,
    }),
  }
  const auth = createAuth(deps, {
    appUrl,
    secret: env.AUTH_SECRET,
    isRateLimited: env.AUTH_RATE_LIMIT === 'on',
    newGuestsPerHour: env.NEW_GUESTS_PER_HOUR,
  })
  const gateway: Deps = { ...deps, db: gatewayDb }
  const upkeep = startUpkeep(gateway)
  const closing = new AbortController()
  return {
    deps,
    gateway,
    guards: createGuards(),
    lists: { models: byTheSecond(() => listModels(deps)), networks: byTheSecond(() => listNetworks(deps)) },
    auth,
    workerToken: env.WORKER_TOKEN,
    closing: closing.signal,
    async drain() {
      closing.abort()
      await upkeep.stop()
    },
    async close() {
      closing.abort()
      await upkeep.stop()
      await notifications.stop()
      await queue.stop()
      await Promise.all([db.$disconnect(), gatewayDb.$disconnect()])
      deps.storage.dispose()
    },
  }
}

/** Keys for different uses from one secret, so that none can stand in for another (RFC 5869). */
function deriveKey(secret: string, use: string): Buffer {
  const salt = createHash('sha256').update('dewpoint').digest()
  return Buffer.from(hkdfSync('sha256', secret, salt, use, 32))
}

/** A request takes a second; what still runs then hangs, or is a page that never stops asking. */
const DRAIN_MAX_MS = 4_500
/** As a shell counts an end by SIGTERM. */
const EXIT_SIGTERM = 143

interface Holder {
  __dewpointContainer?: Promise<Container>
}

/** The process's container, made on first use. A failed start is tried again at the next call. */
export function getContainer(): Promise<Container> {
  const holder = globalThis as Holder
  holder.__dewpointContainer ??= startContainer().catch((error: unknown) => {
    delete holder.__dewpointContainer
    throw error
  })
  return holder.__dewpointContainer
}

async function startContainer(): Promise<Container> {
  const container = await createContainer(readServerEnv())
  // Next itself waits for open requests and ends the process; with subscriptions and long polls gone, that is soon.
  const drain = () => {
    setTimeout(() => process.exit(EXIT_SIGTERM), DRAIN_MAX_MS).unref()
    container.drain().catch((error: unknown) => container.deps.log.error({ err: error }, 'draining failed'))
  }
  process.once('SIGTERM', drain)
  process.once('SIGINT', drain)
  return container
}
