// Tries again what may go better later: exponential backoff with full jitter (AWS Architecture Blog, "Exponential Backoff
// And Jitter"), so that workers do not come back all at once after the website was away.
import { setTimeout as sleep } from 'node:timers/promises'

export interface RetryOptions {
  readonly signal: AbortSignal
  readonly isRetryable: (error: unknown) => boolean
  /** Tries, the first included; Infinity: until `signal`. */
  readonly attempts: number
  readonly onRetry?: (error: unknown, delayMs: number) => void
}

/** A local website is back within moments of its restart, so the first wait is short. */
const FIRST_DELAY_MAX_MS = 500
/** Long enough to spare a struggling website, short enough to be back before a person gives up. */
const DELAY_MAX_MS = 10_000

/** The result of the first try that succeeds; rejects with the last error, or with the abort reason. */
export async function retry<T>(run: () => Promise<T>, options: RetryOptions): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    options.signal.throwIfAborted()
    try {
      return await run()
    } catch (error) {
      if (options.signal.aborted || attempt >= options.attempts || !options.isRetryable(error)) throw error
      const delayMs = Math.random() * Math.min(DELAY_MAX_MS, FIRST_DELAY_MAX_MS * 2 ** (attempt - 1))
      options.onRetry?.(error, delayMs)
      await sleep(delayMs, undefined, { signal: options.signal })
    }
  }
}
