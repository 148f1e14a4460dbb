// Device pictures and their PNGs in IndexedDB, one database for all tabs. In windows without one (some private ones) they live as long
// as the page, behind the same interface.
import { type DBSchema, type IDBPDatabase, openDB } from 'idb'
import type { DevicePicture } from './device-picture.ts'

export interface PictureStore {
  /** False: everything is gone with the page. */
  readonly lasts: boolean
  all(): Promise<readonly DevicePicture[]>
  get(id: string): Promise<DevicePicture | undefined>
  /** @throws DOMException QuotaExceededError, as `update` */
  add(picture: DevicePicture): Promise<void>
  /**
   * Changes the picture as it now is, in one transaction, and adds one image that it now has. Two tabs may change different
   * things of one picture; one that was removed meanwhile does not come back.
   */
  update(
    id: string,
    change: (picture: DevicePicture) => DevicePicture,
    finished?: FinishedImage,
  ): Promise<DevicePicture | undefined>
  png(id: string, index: number): Promise<Blob | undefined>
  remove(id: string): Promise<void>
}

export interface FinishedImage {
  readonly index: number
  readonly png: Blob
}

/** What browsers hold already is not moved for a better name. */
interface Schema extends DBSchema {
  runs: { key: string; value: DevicePicture }
  pictures: { key: [string, number]; value: Blob }
}

const NAME = 'dewpoint'
const VERSION = 1

export async function openPictureStore(): Promise<PictureStore> {
  try {
    const db = await openDB<Schema>(NAME, VERSION, {
      upgrade(database) {
        database.createObjectStore('runs', { keyPath: 'id' })
        database.createObjectStore('pictures')
      },
    })
    return idbStore(db)
  } catch {
    return memoryStore()
  }
}

/** The PNGs of one picture, whatever their index. */
const pngsOf = (id: string) => IDBKeyRange.bound([id, 0], [id, Number.MAX_SAFE_INTEGER])

function idbStore(db: IDBPDatabase<Schema>): PictureStore {
  return {
    lasts: true,
    all: () => db.getAll('runs'),
    get: (id) => db.get('runs', id),
    async add(picture) {
      await db.put('runs', picture)
    },
    async update(id, change, finished) {
      const write = db.transaction(['runs', 'pictures'], 'readwrite')
      const before = await write.objectStore('runs').get(id)
      if (before === undefined) return undefined
      const after = change(before)
      await Promise.all([
        write.objectStore('runs').put(after),
        ...(finished ? [write.objectStore('pictures').put(finished.png, [id, finished.index])] : []),
        write.done,
      ])
      return after
    },
    png: (id, index) => db.get('pictures', [id, index]),
    async remove(id) {
      const write = db.transaction(['runs', 'pictures'], 'readwrite')
      await Promise.all([
        write.objectStore('runs').delete(id),
        write.objectStore('pictures').delete(pngsOf(id)),
        write.done,
      ])
    },
  }
}

export function memoryStore(): PictureStore {
  const pictures = new Map<string, DevicePicture>()
  const pngs = new Map<string, Map<number, Blob>>()
  return {
    lasts: false,
    all: async () => [...pictures.values()],
    get: async (id) => pictures.get(id),
    async add(picture) {
      pictures.set(picture.id, picture)
    },
    async update(id, change, finished) {
      const before = pictures.get(id)
      if (before === undefined) return undefined
      const after = change(before)
      pictures.set(id, after)
      if (finished === undefined) return after
      const own = pngs.get(id) ?? new Map<number, Blob>()
      own.set(finished.index, finished.png)
      pngs.set(id, own)
      return after
    },
    png: async (id, index) => pngs.get(id)?.get(index),
    async remove(id) {
      pictures.delete(id)
      pngs.delete(id)
    },
  }
}
