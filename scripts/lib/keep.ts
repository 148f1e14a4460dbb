// Keeps one part of the stack up: starts it, and starts it again whenever it ends, at once the first time and later each time it ends
// soon again. It never gives up: what ends five times in a row may run the sixth time, and nothing else depends on its giving up.
import { setTimeout as sleep } from 'node:timers/promises'

/** A running part. */
export interface Part {
  /** Resolves with what ended it; never rejects. */
  readonly ended: Promise<string>
  /** The last it wrote, for the person who has to find out why it ended. */
  lastLines?(): string
  /** Within a bound of its own. */
  stop(): Promise<void>
}

export interface KeepOptions {
  readonly name: string
  /** Starts it; rejects with the reason when it cannot. `signal` fires when it is no longer wanted. */
  readonly start: (signal: AbortSignal) => Promise<Part>
  /** Told of each end, and of each start after one. */
  readonly onNews?: (news: string) => void
  /** The first start's failure is an end like any other, instead of rejecting. */
  readonly isOptional?: boolean
  /** As stop(), also before keep has resolved. */
  readonly signal?: AbortSignal
}

export interface Kept {
  /** It stays stopped. Never rejects. */
  stop(): Promise<void>
}

/** Ends further back than this are forgotten. */
const WINDOW_MS = 5 * 60_000
const FIRST_DELAY_MS = 500
/** A part that cannot run costs next to nothing this often, and is back soon after its cause is mended. */
const DELAY_MAX_MS = 30_000
/** For what stops nothing by itself: a start under way that does not look at its signal. */
const STOP_MAX_MS = 30_000

/** Resolves when it runs for the first time. Rejects when that fails, unless it is optional. */
export async function keep(options: KeepOptions): Promise<Kept> {
  const { name, start, onNews = () => undefined, isOptional = false } = options
  const unwanted = new AbortController()
  options.signal?.addEventListener('abort', () => unwanted.abort())
  const ends: number[] = []
  let current: Part | undefined

  const begin = async () => {
    const part = await start(unwanted.signal)
    current = part
    // Stopped while it started.
    if (unwanted.signal.aborted) await part.stop()
  }
  /** Resolves when it has ended and may be tried again. */
  const pause = async (how: string, lastLines = '') => {
    const now = Date.now()
    ends.push(now)
    while (now - (ends[0] ?? now) > WINDOW_MS) ends.shift()
    const delayMs = Math.min(DELAY_MAX_MS, FIRST_DELAY_MS * 2 ** (ends.length - 1))
    const often = ends.length > 1 ? ` (${ends.length} times in ${WINDOW_MS / 60_000} minutes)` : ''
    const why = lastLines === '' ? '' : `Its last lines:\n${lastLines}\n`
    onNews(`${name} ${how}${often}. ${why}Starting it again in ${delayMs / 1_000} s.`)
    await sleep(delayMs, undefined, { signal: unwanted.signal }).catch(() => undefined)
  }
  const watch = async () => {
    while (!unwanted.signal.aborted) {
      if (current === undefined) {
        try {
          await begin()
          if (!unwanted.signal.aborted) onNews(`${name} runs again.`)
        } catch (error) {
          if (!unwanted.signal.aborted)
            await pause(`could not start: ${error instanceof Error ? error.message : error}`)
        }
        continue
      }
      const how = await current.ended
      const lastLines = current.lastLines?.()
      current = undefined
      if (!unwanted.signal.aborted) await pause(how, lastLines)
    }
  }

  await begin().catch(async (error: Error) => {
    if (!isOptional) throw error
    if (unwanted.signal.aborted) return
    onNews(`${name} could not start: ${error.message}`)
    ends.push(Date.now())
  })
  const watching = watch()
  return {
    async stop() {
      unwanted.abort()
      await current?.stop().catch((error: Error) => onNews(`${name} would not stop: ${error.message}`))
      const done = new AbortController()
      await Promise.race([watching, sleep(STOP_MAX_MS, undefined, { signal: done.signal }).catch(() => undefined)])
      done.abort()
    },
  }
}
