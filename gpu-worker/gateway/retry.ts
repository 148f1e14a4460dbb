// How the worker tries again: after waits that double and are drawn by chance, so that workers do not come back all at once after
// the website was away.
import pRetry from 'p-retry'

export interface RetryOptions {
  readonly signal: AbortSignal
  readonly isRetryable: (error: unknown) => boolean
  /** Tries, the first included; Infinity: until `signal`. */
  readonly attempts: number
  readonly onRetry?: (error: unknown) => void
}

/** A local website is back within moments of its restart, so the first wait is short: this to twice this. */
const FIRST_DELAY_MS = 250
/** Long enough to spare a struggling website, short enough to be back before a person gives up. */
const DELAY_MAX_MS = 10_000

/** The result of the first try that succeeds; rejects with the last error, or with the abort reason. */
export function retry<T>(run: () => Promise<T>, { signal, isRetryable, attempts, onRetry }: RetryOptions): Promise<T> {
  return pRetry(run, {
    retries: attempts - 1,
    minTimeout: FIRST_DELAY_MS,
    maxTimeout: DELAY_MAX_MS,
    randomize: true,
    signal,
    shouldRetry({ error }) {
      if (!isRetryable(error)) return false
      onRetry?.(error)
      return true
    },
  })
}
