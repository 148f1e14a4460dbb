// Starts the web process's container, waiting for a database that is not up yet. What waiting cannot mend ends the process
// with its reason: Next would go on and answer every request with an error, which hides it.
import pRetry from 'p-retry'
import { getContainer } from './container.ts'
import { readServerEnv } from './env.ts'
import { believeSockets } from './guards/client-address.ts'
import { toDewpointError } from './trpc/map-error.ts'

const RETRIES = 29
const RETRY_MS = 1_000

export async function startServer(): Promise<void> {
  try {
    believeSockets(readServerEnv().TRUSTED_PROXIES)
  } catch (error) {
    giveUp(error)
  }
  await pRetry(getContainer, {
    retries: RETRIES,
    minTimeout: RETRY_MS,
    factor: 1,
    shouldRetry({ error, attemptNumber }) {
      if (toDewpointError(error).code !== 'database.unavailable') return false
      if (attemptNumber === 1) tell('Waiting for the database')
      return true
    },
  }).catch(giveUp)
}

function giveUp(error: unknown): never {
  tell(`The website cannot start. ${error instanceof Error ? error.message : String(error)}`)
  process.exit(1)
}

/** Plainly, and not through the log: its level may be what is wrong. */
function tell(message: string): void {
  process.stderr.write(`${message}\n`)
}
