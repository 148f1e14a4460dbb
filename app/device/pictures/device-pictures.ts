// The device pictures of this browser as a page shows them: a list that changes, kept alike in all its tabs. PNGs become object
// URLs once and give them back when they go.
import { createStore } from 'zustand'
import { type DevicePicture, deviceImageId, hasPictures } from './device-picture.ts'
import { type FinishedImage, memoryStore, openPictureStore, type PictureStore } from './picture-store.ts'

const CHANNEL = 'dewpoint.device-pictures'

export interface DevicePictureList {
  /** Newest first. Empty until they were read. */
  readonly pictures: readonly DevicePicture[]
  /** Of finished pictures, by deviceImageId. */
  readonly urls: ReadonlyMap<string, string>
  readonly loaded: boolean
  /** False: this window keeps nothing when it closes. */
  readonly lasts: boolean
  /** Those of which an image found no room in the browser's storage and is lost with the page. */
  readonly unstored: ReadonlySet<string>
  /** Those that went into the history while this page was open, and the generations they became. */
  readonly savedAs: ReadonlyMap<string, string>
}

export const NO_DEVICE_PICTURES: DevicePictureList = {
  pictures: [],
  urls: new Map(),
  loaded: false,
  lasts: true,
  unstored: new Set(),
  savedAs: new Map(),
}

const isNoRoom = (error: unknown): boolean => error instanceof DOMException && error.name === 'QuotaExceededError'

export class DevicePictures {
  readonly list = createStore<DevicePictureList>(() => NO_DEVICE_PICTURES)
  #store: Promise<PictureStore> | undefined
  /** What found no room in the store. */
  #overflow = memoryStore()
  #channel: BroadcastChannel | undefined
  #refreshing: Promise<void> = Promise.resolve()

  readonly #open: () => Promise<PictureStore>

  constructor(open: () => Promise<PictureStore> = openPictureStore) {
    this.#open = open
  }

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

  async get(id: string): Promise<DevicePicture | undefined> {
    return (await this.#overflow.get(id)) ?? (await this.#opened()).get(id)
  }

  async png(id: string, index: number): Promise<Blob | undefined> {
    return (await this.#overflow.png(id, index)) ?? (await this.#opened()).png(id, index)
  }

  async add(picture: DevicePicture): Promise<void> {
    try {
      await (await this.#opened()).add(picture)
    } catch (error) {
      if (!isNoRoom(error)) throw error
      await this.#overflow.add(picture)
    }
    await this.#changed()
  }

  /** A picture that finds no room stays in memory: it can still be seen, downloaded and saved to the history. */
  async update(
    id: string,
    change: (picture: DevicePicture) => DevicePicture,
    finished?: FinishedImage,
  ): Promise<DevicePicture | undefined> {
    const after = await this.#update(id, change, finished)
    await this.#changed()
    return after
  }

  async #update(
    id: string,
    change: (picture: DevicePicture) => DevicePicture,
    finished?: FinishedImage,
  ): Promise<DevicePicture | undefined> {
    const store = await this.#opened()
    if ((await this.#overflow.get(id)) !== undefined) return this.#overflow.update(id, change, finished)
    try {
      return await store.update(id, change, finished)
    } catch (error) {
      if (!isNoRoom(error)) throw error
      const before = await store.get(id)
      if (before === undefined) return undefined
      await this.#overflow.add(before)
      return this.#overflow.update(id, change, finished)
    }
  }

  async remove(id: string): Promise<void> {
    await this.#overflow.remove(id)
    await (await this.#opened()).remove(id)
    await this.#changed()
  }

  /** It is in the history now and leaves this browser. */
  async leaveFor(id: string, generationId: string): Promise<void> {
    this.list.setState(({ savedAs }) => ({ savedAs: new Map(savedAs).set(id, generationId) }))
    await this.remove(id)
  }

  /** @returns what puts it back as it was, pictures included. */
  async removeRestorably(picture: DevicePicture): Promise<() => Promise<void>> {
    const finished: FinishedImage[] = []
    for (const { index } of picture.images) {
      const png = await this.png(picture.id, index)
      if (png !== undefined) finished.push({ index, png })
    }
    await this.remove(picture.id)
    return async () => {
      await this.add(picture)
      for (const image of finished) await this.update(picture.id, (one) => one, image)
    }
  }

  async #opened(): Promise<PictureStore> {
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
    const unstored = new Set(overflow.map(({ id }) => id))
    const stored = (await store.all()).filter(({ id }) => !unstored.has(id))
    const pictures = [...stored, ...overflow].sort((a, b) => (a.madeAt < b.madeAt ? 1 : -1))
    const urls = await this.#urlsOf(pictures)
    this.list.setState({ pictures, urls, loaded: true, lasts: store.lasts, unstored })
  }

  async #urlsOf(pictures: readonly DevicePicture[]): Promise<ReadonlyMap<string, string>> {
    const shown = this.list.getState().urls
    const urls = new Map<string, string>()
    for (const picture of pictures.filter(hasPictures)) {
      for (const { index, status } of picture.images) {
        if (status !== 'done') continue
        const id = deviceImageId(picture.id, index)
        const known = shown.get(id)
        const blob = known === undefined ? await this.png(picture.id, index) : undefined
        const url = known ?? (blob === undefined ? undefined : URL.createObjectURL(blob))
        if (url !== undefined) urls.set(id, url)
      }
    }
    for (const [id, url] of shown) if (!urls.has(id)) URL.revokeObjectURL(url)
    return urls
  }
}
