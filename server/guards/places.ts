// How many things of one key may be open at once, such as event streams: taken, and given back when they end.
import { DewpointError } from '#contracts/errors.ts'

export class Places {
  readonly #what: string
  readonly #max: number
  readonly #taken = new Map<string, number>()

  constructor({ what, max }: { readonly what: string; readonly max: number }) {
    this.#what = what
    this.#max = max
  }

  /** @returns gives the place back. @throws DewpointError requests.too-many */
  take(key: string): () => void {
    const taken = this.#taken.get(key) ?? 0
    if (taken >= this.#max) {
      const detail = `${this.#what}: ${this.#max} are open; close one, or try again in 30 s`
      throw new DewpointError('requests.too-many', detail, { retryAfterS: 30 })
    }
    this.#taken.set(key, taken + 1)
    return () => {
      const left = (this.#taken.get(key) ?? 1) - 1
      if (left === 0) this.#taken.delete(key)
      else this.#taken.set(key, left)
    }
  }
}
