// Starts the web process's container, waiting for a database that is not up yet. A wrong environment ends the process with
// the list of what is wrong: serving errors forever would hide it.
import { getContainer } from './container.ts'
import { readServerEnv } from './env.ts'
import { createLog } from './log.ts'
import { toDewpointError } from './trpc/map-error.ts'

const ATTEMPTS = 30
const RETRY_MS = 1_000

export async function startServer(): Promise<void> {
  const log = createLog(readServerEnv().LOG_LEVEL)
  for (let attempt = 1; ; attempt += 1) {
    try {
      await getContainer()
      return
    } catch (error) {
      const isWorthWaiting = toDewpointError(error).code === 'database.unavailable'
      if (!isWorthWaiting || attempt === ATTEMPTS) throw error
      if (attempt === 1) log.warn('waiting for the database')
      await new Promise((tick) => setTimeout(tick, RETRY_MS))
    }
  }
}
