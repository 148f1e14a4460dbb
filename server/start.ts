// Starts the web process's container, waiting for a database that is not up yet. What waiting cannot mend ends the process
// with its reason: Next would go on and answer every request with an error, which hides it.
import { getContainer } from './container.ts'
import { toDewpointError } from './trpc/map-error.ts'

const ATTEMPTS = 30
const RETRY_MS = 1_000

export async function startServer(): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await getContainer()
      return
    } catch (error) {
      const isWorthWaiting = toDewpointError(error).code === 'database.unavailable'
      if (!isWorthWaiting || attempt === ATTEMPTS) return giveUp(error)
      if (attempt === 1) tell('Waiting for the database')
      await new Promise((tick) => setTimeout(tick, RETRY_MS))
    }
  }
}

function giveUp(error: unknown): never {
  tell(`The website cannot start. ${error instanceof Error ? error.message : String(error)}`)
  process.exit(1)
}

/** Plainly, and not through the log: its level may be what is wrong. */
function tell(message: string): void {
  process.stderr.write(`${message}\n`)
}
