// Model files in the origin private file system: `dewpoint/weights/<sha256>` and `dewpoint/records/<name>.json`. Runs in a Web
// Worker, as synchronous file handles exist nowhere else; they append in place, where a writable stream would copy the file first.
import { DeviceError } from '../device-error.ts'
import type { WeightStore, WeightWriter } from './weight-store.ts'

/** Web Locks are one name space for the whole site. */
const LOCK = 'dewpoint:weights:'

/** Of FileSystemFileHandle in workers; TypeScript's page types leave it out. */
interface SyncAccessHandle {
  getSize(): number
  write(buffer: Uint8Array<ArrayBuffer>, options: { at: number }): number
  truncate(size: number): void
  flush(): void
  close(): void
}
type WorkerFileHandle = FileSystemFileHandle & { createSyncAccessHandle(): Promise<SyncAccessHandle> }

/** @throws DOMException where the window has no such file system, as private windows of some browsers. */
export async function openOpfsStore(): Promise<WeightStore> {
  const root = await (await navigator.storage.getDirectory()).getDirectoryHandle('dewpoint', { create: true })
  const weights = await root.getDirectoryHandle('weights', { create: true })
  const records = await root.getDirectoryHandle('records', { create: true })
  return {
    keeps: true,
    exclusive: (sha256, signal, work) =>
      new Promise((resolve, reject) => {
        navigator.locks.request(LOCK + sha256, { signal }, () => work().then(resolve, reject)).catch(reject)
      }),
    async busy() {
      const { held = [] } = await navigator.locks.query()
      const names = held.flatMap(({ name }) => (name?.startsWith(LOCK) ? [name.slice(LOCK.length)] : []))
      return new Set(names)
    },
    size: async (sha256) => (await fileOf(weights, sha256))?.size ?? 0,
    async append(sha256) {
      const handle = (await weights.getFileHandle(sha256, { create: true })) as WorkerFileHandle
      return openWriter(await handle.createSyncAccessHandle())
    },
    async read(sha256) {
      const file = await fileOf(weights, sha256)
      return file === null ? null : new Uint8Array(await file.arrayBuffer())
    },
    remove: (sha256) => removeEntry(weights, sha256),
    async records(prefix) {
      const found = new Map<string, unknown>()
      for await (const name of records.keys()) {
        if (!name.startsWith(prefix) || !name.endsWith('.json')) continue
        const text = await (await fileOf(records, name))?.text()
        const value = parse(text)
        if (value !== undefined) found.set(name.slice(0, -'.json'.length), value)
      }
      return found
    },
    async writeRecord(name, value) {
      const handle = await records.getFileHandle(`${name}.json`, { create: true })
      const stream = await handle.createWritable()
      await stream.write(JSON.stringify(value))
      await stream.close().catch(asQuota)
    },
    removeRecord: (name) => removeEntry(records, `${name}.json`),
  }
}

function openWriter(handle: SyncAccessHandle): WeightWriter {
  const position = handle.getSize()
  let at = position
  return {
    position,
    write(chunk) {
      let written = 0
      try {
        written = handle.write(chunk, { at })
      } catch (cause) {
        handle.truncate(at)
        return asQuota(cause)
      }
      // Chromium 153 throws nothing when there is no room: it returns its error number as an unsigned one, after writing what fitted.
      if (written !== chunk.length) {
        handle.truncate(at)
        throw new DeviceError('quota-exceeded', `Of ${chunk.length} bytes ${written} could be written`)
      }
      at += written
    },
    close() {
      handle.flush()
      handle.close()
    },
  }
}

function asQuota(cause: unknown): never {
  if (cause instanceof Error && cause.name === 'QuotaExceededError') {
    throw new DeviceError('quota-exceeded', cause.message, { cause })
  }
  throw cause
}

async function fileOf(folder: FileSystemDirectoryHandle, name: string): Promise<File | null> {
  try {
    return await (await folder.getFileHandle(name)).getFile()
  } catch (error) {
    if (error instanceof Error && error.name === 'NotFoundError') return null
    throw error
  }
}

async function removeEntry(folder: FileSystemDirectoryHandle, name: string): Promise<void> {
  try {
    await folder.removeEntry(name)
  } catch (error) {
    if (!(error instanceof Error && error.name === 'NotFoundError')) throw error
  }
}

/** A note cut short by a crash is as good as none: what it says can be found out again. */
function parse(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}
