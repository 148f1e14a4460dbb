// The second half of `npm start`, on the project's Node: make what is missing, start everything, stay until told to stop.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { requireSpace } from './lib/install.mjs'
import { LockedError, takeLock } from './lib/lock.mjs'
import { buildWebsite, generateDatabaseClient } from './lib/prepare.mjs'
import { runMain, SetupError, say } from './lib/say.mjs'
import { readStartEnv } from './lib/start-env.ts'

/** A fresh database, a build and a few hundred pictures. */
const DATA_SPACE_BYTES = 5e8
/** npm and the terminal may both pass on one Ctrl-C; only a later one means impatience. */
const SECOND_SIGNAL_AFTER_MS = 500

export async function startServices(startedAtMs: number): Promise<void> {
  const env = readStartEnv()
  makeDataFolder(env.DATA_DIR)
  const lock = await lockDataFolder(env.DATA_DIR, env.given.APP_URL ?? `http://localhost:${env.PORT}`)
  try {
    const interrupted = onSignal()
    generateDatabaseClient()
    // Only now: the server's files import the database client made above.
    const { requireFreePort, startStack } = await import('./lib/stack.ts')
    // Before a build that takes a while.
    await requireFreePort(env.PORT, env.HOST)
    await buildWebsite()
    const stack = await startStack({
      dataDir: env.DATA_DIR,
      port: env.PORT,
      host: env.HOST,
      env: env.given,
      workers: env.WORKERS,
      drainTimeoutMs: env.DRAIN_TIMEOUT_MS,
      onNews: (news) => say(`\n${news}`),
    })
    say(`\nDewpoint is at ${stack.url}  (ready in ${((Date.now() - startedAtMs) / 1000).toFixed(1)} s)`)
    say(`Pictures and accounts are kept in ${env.DATA_DIR}. Ctrl-C stops everything.`)
    await interrupted
    say('\nStopping …')
    await stack.stop()
    say('Stopped.')
  } finally {
    lock.release()
  }
}

function makeDataFolder(dataDir: string): void {
  try {
    // Pictures, accounts and logs are their owner's alone.
    mkdirSync(join(dataDir, 'logs'), { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new SetupError(
      `${dataDir} cannot be written to: ${error instanceof Error ? error.message : error}. Set DATA_DIR to a folder that can.`,
    )
  }
  requireSpace(dataDir, DATA_SPACE_BYTES, 'for its data')
}

async function lockDataFolder(dataDir: string, url: string) {
  try {
    return await takeLock(join(dataDir, 'dewpoint.lock'), { facts: { url } })
  } catch (error) {
    if (!(error instanceof LockedError)) throw error
    const { pid, url: runningAt } = error.owner
    throw new SetupError(
      `Dewpoint is already running at ${runningAt} (process ${pid}) with the data in ${dataDir}. ` +
        'Use that one, stop it with Ctrl-C where it runs, or start a second copy with DATA_DIR and PORT of its own.',
    )
  }
}

/** Resolves on the first Ctrl-C or SIGTERM; the second ends the process on the spot. */
function onSignal(): Promise<void> {
  return new Promise((resolve) => {
    let firstAtMs: number | undefined
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (firstAtMs === undefined) {
          firstAtMs = Date.now()
          resolve()
        } else if (Date.now() - firstAtMs > SECOND_SIGNAL_AFTER_MS) {
          process.exit(130)
        }
      })
    }
  })
}

if (import.meta.main) await runMain(() => startServices(Number(process.argv[2] ?? Date.now())))
