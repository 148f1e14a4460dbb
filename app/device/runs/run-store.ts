// Runs and their PNGs in IndexedDB, one database for all tabs. In windows without one (some private ones) they live as long
// as the page, behind the same interface.
import { type DBSchema, type IDBPDatabase, openDB } from 'idb'
import type { LocalRun } from './local-run.ts'

export interface RunStore {
  /** False: everything is gone with the page. */
  readonly lasts: boolean
  all(): Promise<readonly LocalRun[]>
  get(id: string): Promise<LocalRun | undefined>
  /** @throws DOMException QuotaExceededError, as `update` */
  add(run: LocalRun): Promise<void>
  /**
   * Changes the run as it now is, in one transaction, and adds one picture that it now has. Two tabs may change different
   * things of one run; a run that was removed meanwhile does not come back.
   */
  update(id: string, change: (run: LocalRun) => LocalRun, picture?: NewPicture): Promise<LocalRun | undefined>
  picture(id: string, index: number): Promise<Blob | undefined>
  remove(id: string): Promise<void>
}

export interface NewPicture {
  readonly index: number
  readonly png: Blob
}

interface Schema extends DBSchema {
  runs: { key: string; value: LocalRun }
  pictures: { key: [string, number]; value: Blob }
}

const NAME = 'dewpoint'
const VERSION = 1

export async function openRunStore(): Promise<RunStore> {
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

/** The pictures of one run, whatever their index. */
const picturesOf = (id: string) => IDBKeyRange.bound([id, 0], [id, Number.MAX_SAFE_INTEGER])

function idbStore(db: IDBPDatabase<Schema>): RunStore {
  return {
    lasts: true,
    all: () => db.getAll('runs'),
    get: (id) => db.get('runs', id),
    async add(run) {
      await db.put('runs', run)
    },
    async update(id, change, picture) {
      const write = db.transaction(['runs', 'pictures'], 'readwrite')
      const before = await write.objectStore('runs').get(id)
      if (before === undefined) return undefined
      const after = change(before)
      await Promise.all([
        write.objectStore('runs').put(after),
        ...(picture ? [write.objectStore('pictures').put(picture.png, [id, picture.index])] : []),
        write.done,
      ])
      return after
    },
    picture: (id, index) => db.get('pictures', [id, index]),
    async remove(id) {
      const write = db.transaction(['runs', 'pictures'], 'readwrite')
      await Promise.all([
        write.objectStore('runs').delete(id),
        write.objectStore('pictures').delete(picturesOf(id)),
        write.done,
      ])
    },
  }
}

export function memoryStore(): RunStore {
  const runs = new Map<string, LocalRun>()
  const pictures = new Map<string, Map<number, Blob>>()
  return {
    lasts: false,
    all: async () => [...runs.values()],
    get: async (id) => runs.get(id),
    async add(run) {
      runs.set(run.id, run)
    },
    async update(id, change, picture) {
      const before = runs.get(id)
      if (before === undefined) return undefined
      const after = change(before)
      runs.set(id, after)
      if (picture === undefined) return after
      const own = pictures.get(id) ?? new Map<number, Blob>()
      own.set(picture.index, picture.png)
      pictures.set(id, own)
      return after
    },
    picture: async (id, index) => pictures.get(id)?.get(index),
    async remove(id) {
      runs.delete(id)
      pictures.delete(id)
    },
  }
}
