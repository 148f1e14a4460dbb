// At most so many calls of one key in a window, counted in this process: for what is public and cheap, where a database row per call
// would cost more than it saves. Sign-in has its own, in the database, shared by all processes.
import { DewpointError } from '#contracts/errors.ts'

/** Beyond this many keys the oldest are forgotten: a flood of addresses must not fill the memory. */
const KEYS_MAX = 10_000

export class Rate {
  readonly #what: string
  readonly #max: number
  readonly #windowMs: number
  readonly #now: () => number
  readonly #windows = new Map<string, { startedAt: number; count: number }>()

  constructor(of: {
    readonly what: string
    readonly max: number
    readonly windowMs: number
    readonly now?: () => number
  }) {
    this.#what = of.what
    this.#max = of.max
    this.#windowMs = of.windowMs
    this.#now = of.now ?? Date.now
  }

  /** @throws DewpointError requests.too-many */
  count(key: string): void {
    const now = this.#now()
    let window = this.#windows.get(key)
    if (window === undefined || now - window.startedAt >= this.#windowMs) {
      window = { startedAt: now, count: 0 }
      this.#windows.delete(key)
      this.#windows.set(key, window)
      if (this.#windows.size > KEYS_MAX) this.#windows.delete(this.#windows.keys().next().value ?? key)
    }
    window.count += 1
    if (window.count <= this.#max) return
    const inS = Math.ceil((window.startedAt + this.#windowMs - now) / 1_000)
    const everyS = this.#windowMs / 1_000
    const detail = `${this.#what}: at most ${this.#max} in ${everyS} s; try again in ${inS} s`
    throw new DewpointError('requests.too-many', detail, { retryAfterS: inS })
  }
}
