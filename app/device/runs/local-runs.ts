// The runs of this browser as a page shows them: a list that changes, kept alike in all its tabs. Pictures become object
// URLs once and give them back when they go.
import { hasPictures, type LocalRun, localImageId } from './local-run.ts'
import { memoryStore, type NewPicture, openRunStore, type RunStore } from './run-store.ts'

const CHANNEL = 'dewpoint.local-runs'

export interface RunList {
  /** Newest first. Empty until they were read. */
  readonly runs: readonly LocalRun[]
  /** Of finished pictures, by localImageId. */
  readonly urls: ReadonlyMap<string, string>
  readonly loaded: boolean
  /** False: this window keeps nothing when it closes. */
  readonly lasts: boolean
  /** Runs of which a picture found no room in the browser's storage and is lost with the page. */
  readonly homeless: ReadonlySet<string>
  /** Runs that went into the history while this page was open, and the generations they became. */
  readonly savedAs: ReadonlyMap<string, string>
}

export const NO_RUNS: RunList = {
  runs: [],
  urls: new Map(),
  loaded: false,
  lasts: true,
  homeless: new Set(),
  savedAs: new Map(),
}

const isNoRoom = (error: unknown): boolean => error instanceof DOMException && error.name === 'QuotaExceededError'

export class LocalRuns {
  #list = NO_RUNS
  #listeners = new Set<() => void>()
  #store: Promise<RunStore> | undefined
  /** What found no room in the store. */
  #overflow = memoryStore()
  #channel: BroadcastChannel | undefined
  #refreshing: Promise<void> = Promise.resolve()

  readonly #open: () => Promise<RunStore>

  constructor(open: () => Promise<RunStore> = openRunStore) {
    this.#open = open
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  readonly getSnapshot = (): RunList => this.#list

  /** Reads what is there; from then on changes of other tabs are followed. */
  async load(): Promise<void> {
    if (this.#store !== undefined) {
      await this.#refresh()
      return
    }
    this.#store = this.#open()
    if (typeof BroadcastChannel !== 'undefined') {
      this.#channel = new BroadcastChannel(CHANNEL)
      this.#channel.onmessage = () => void this.#refresh()
    }
    await this.#refresh()
  }

  /** Follows other tabs no more. */
  close(): void {
    this.#channel?.close()
  }

  async get(id: string): Promise<LocalRun | undefined> {
    return (await this.#overflow.get(id)) ?? (await this.#opened()).get(id)
  }

  async picture(id: string, index: number): Promise<Blob | undefined> {
    return (await this.#overflow.picture(id, index)) ?? (await this.#opened()).picture(id, index)
  }

  async add(run: LocalRun): Promise<void> {
    try {
      await (await this.#opened()).add(run)
    } catch (error) {
      if (!isNoRoom(error)) throw error
      await this.#overflow.add(run)
    }
    await this.#changed()
  }

  /** A picture that finds no room stays in memory: it can still be seen, downloaded and saved to the history. */
  async update(id: string, change: (run: LocalRun) => LocalRun, picture?: NewPicture): Promise<LocalRun | undefined> {
    const after = await this.#update(id, change, picture)
    await this.#changed()
    return after
  }

  async #update(id: string, change: (run: LocalRun) => LocalRun, picture?: NewPicture): Promise<LocalRun | undefined> {
    const store = await this.#opened()
    if ((await this.#overflow.get(id)) !== undefined) return this.#overflow.update(id, change, picture)
    try {
      return await store.update(id, change, picture)
    } catch (error) {
      if (!isNoRoom(error)) throw error
      const before = await store.get(id)
      if (before === undefined) return undefined
      await this.#overflow.add(before)
      return this.#overflow.update(id, change, picture)
    }
  }

  async remove(id: string): Promise<void> {
    await this.#overflow.remove(id)
    await (await this.#opened()).remove(id)
    await this.#changed()
  }

  /** It is in the history now and leaves this browser. */
  async leaveFor(id: string, generationId: string): Promise<void> {
    this.#list = { ...this.#list, savedAs: new Map(this.#list.savedAs).set(id, generationId) }
    await this.remove(id)
  }

  /** @returns what puts it back as it was, pictures included. */
  async removeWithWayBack(run: LocalRun): Promise<() => Promise<void>> {
    const pictures: NewPicture[] = []
    for (const { index } of run.images) {
      const png = await this.picture(run.id, index)
      if (png !== undefined) pictures.push({ index, png })
    }
    await this.remove(run.id)
    return async () => {
      await this.add(run)
      for (const picture of pictures) await this.update(run.id, (one) => one, picture)
    }
  }

  async #opened(): Promise<RunStore> {
    this.#store ??= this.#open()
    return this.#store
  }

  async #changed(): Promise<void> {
    this.#channel?.postMessage('changed')
    await this.#refresh()
  }

  /** One after another: two at once would each make an address for the same picture. */
  #refresh(): Promise<void> {
    this.#refreshing = this.#refreshing.catch(() => undefined).then(() => this.#read())
    return this.#refreshing
  }

  async #read(): Promise<void> {
    const store = await this.#opened()
    const overflow = await this.#overflow.all()
    const homeless = new Set(overflow.map(({ id }) => id))
    const stored = (await store.all()).filter(({ id }) => !homeless.has(id))
    const runs = [...stored, ...overflow].sort((a, b) => (a.madeAt < b.madeAt ? 1 : -1))
    const urls = await this.#urlsOf(runs)
    this.#list = { runs, urls, loaded: true, lasts: store.lasts, homeless, savedAs: this.#list.savedAs }
    for (const listener of this.#listeners) listener()
  }

  async #urlsOf(runs: readonly LocalRun[]): Promise<ReadonlyMap<string, string>> {
    const urls = new Map<string, string>()
    for (const run of runs.filter(hasPictures)) {
      for (const { index, status } of run.images) {
        if (status !== 'done') continue
        const id = localImageId(run.id, index)
        const known = this.#list.urls.get(id)
        const blob = known === undefined ? await this.picture(run.id, index) : undefined
        const url = known ?? (blob === undefined ? undefined : URL.createObjectURL(blob))
        if (url !== undefined) urls.set(id, url)
      }
    }
    for (const [id, url] of this.#list.urls) if (!urls.has(id)) URL.revokeObjectURL(url)
    return urls
  }
}
