// The tabs of one person wake together and ask the database the same thing: one of them asks for all. Calls are joined only until the
// query begins, never to one under way, which may have begun before what woke them was committed.
import { setImmediate as nextTurn } from 'node:timers/promises'

export class JoinedReads<T> {
  readonly #waiting = new Map<string, Promise<T>>()

  /** `read` of the first caller of this turn of the event loop, for every caller of it with the same key. */
  join(key: string, read: () => Promise<T>): Promise<T> {
    let joined = this.#waiting.get(key)
    if (joined === undefined) {
      joined = nextTurn().then(() => {
        this.#waiting.delete(key)
        return read()
      })
      this.#waiting.set(key, joined)
    }
    return joined
  }
}
