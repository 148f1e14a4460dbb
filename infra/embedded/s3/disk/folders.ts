// Folders of the data directory, and the durable rename every write ends with.
import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises'
import path from 'node:path'

export interface Folders {
  /** One folder per bucket. */
  readonly buckets: string
  /** One folder per multipart upload. */
  readonly uploads: string
  /** Files being written; on the same file system, so that a rename puts them in place. */
  readonly temporary: string
}

/** A PUT that has not written for an hour belongs to a process that is gone. */
const TEMPORARY_AGE_MAX_MS = 60 * 60 * 1_000
/** As the lifecycle rule we recommend for real buckets: parts nobody completed in a week. */
const UPLOAD_AGE_MAX_MS = 7 * 24 * 60 * 60 * 1_000

export async function openFolders(dir: string, now: Date): Promise<Folders> {
  const folders = {
    buckets: path.join(dir, 'buckets'),
    uploads: path.join(dir, 'uploads'),
    temporary: path.join(dir, 'temporary'),
  }
  for (const folder of Object.values(folders)) await mkdir(folder, { recursive: true, mode: 0o700 })
  await sweep(folders.temporary, now.getTime() - TEMPORARY_AGE_MAX_MS)
  await sweep(folders.uploads, now.getTime() - UPLOAD_AGE_MAX_MS)
  return folders
}

async function sweep(folder: string, olderThanMs: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const file = path.join(folder, name)
    const facts = await stat(file).catch(() => null)
    if (facts !== null && facts.mtimeMs < olderThanMs) await rm(file, { recursive: true, force: true })
  }
}

export const newTemporary = (folders: Folders): string => path.join(folders.temporary, randomUUID())

/** Moves a finished file into place so that it survives a power cut; makes the folders it needs. */
export async function commit(from: string, to: string): Promise<void> {
  const folder = path.dirname(to)
  // A delete may remove the folder between the two calls when it was the last thing in it.
  let firstMade: string | undefined
  for (let tries = 0; ; tries++) {
    firstMade = (await mkdir(folder, { recursive: true, mode: 0o700 })) ?? firstMade
    try {
      await rename(from, to)
      break
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || tries === 5) throw error
    }
  }
  await syncFolder(folder)
  // A new folder is itself an entry in the one above.
  if (firstMade === undefined) return
  for (let made = folder; made.startsWith(firstMade); made = path.dirname(made)) await syncFolder(path.dirname(made))
}

/** Removes the folders above a deleted file as far as they are empty, up to `root`. */
export async function pruneEmpty(root: string, file: string): Promise<void> {
  for (let folder = path.dirname(file); folder !== root && folder.startsWith(root); folder = path.dirname(folder)) {
    const isRemoved = await rmdir(folder).then(
      () => true,
      () => false,
    )
    if (!isRemoved) return
  }
}

async function syncFolder(folder: string): Promise<void> {
  // Windows opens no folders; there the rename alone must do.
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (handle === null) return
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
