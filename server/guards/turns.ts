// Nobody takes everything: of one key's calls so many run at once, so many more wait in the order they came, holding nothing but a
// place, and the rest are refused at once with what and when. Keys are people, cookies, addresses, or one for all.
import { DewpointError } from '#contracts/errors.ts'

export interface TurnLimits {
  /** What is counted, in the refusal: "requests of one browser". */
  readonly what: string
  readonly running: number
  readonly waiting: number
}

interface Queue {
  running: number
  readonly waiting: (() => void)[]
}

export class Turns {
  readonly #limits: TurnLimits
  readonly #queues = new Map<string, Queue>()

  constructor(limits: TurnLimits) {
    this.#limits = limits
  }

  /** @throws DewpointError requests.too-many; the signal's reason when it fires before the turn has come. */
  async run<T>(key: string, job: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const { what, running, waiting } = this.#limits
    const queue = this.#queues.get(key) ?? { running: 0, waiting: [] }
    if (queue.running >= running) {
      if (queue.waiting.length >= waiting) {
        const detail = `${what}: ${running} under way and ${waiting} waiting; try again in 1 s`
        throw new DewpointError('requests.too-many', detail, { retryAfterS: 1 })
      }
      await wait(queue.waiting, signal)
    } else {
      queue.running += 1
      this.#queues.set(key, queue)
    }
    try {
      return await job()
    } finally {
      // The turn is handed over, not freed, so nobody jumps the queue.
      const next = queue.waiting.shift()
      if (next !== undefined) next()
      else if (--queue.running === 0) this.#queues.delete(key)
    }
  }
}

function wait(places: (() => void)[], signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = () => {
      places.splice(places.indexOf(place), 1)
      reject(signal?.reason)
    }
    const place = () => {
      signal?.removeEventListener('abort', leave)
      resolve()
    }
    if (signal?.aborted) return reject(signal.reason)
    places.push(place)
    signal?.addEventListener('abort', leave, { once: true })
  })
}
