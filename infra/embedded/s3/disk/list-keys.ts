// Keys of a bucket in UTF-8 byte order, as S3 lists them, walked lazily: folders that cannot hold the prefix, or that lie
// before the starting point, are never opened.
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { parseName } from './key-path.ts'

export interface ListOptions {
  readonly prefix: string
  /** Only keys after this one, in byte order; '' for all. */
  readonly after: string
}

interface Entry {
  /** The whole key; for a folder, up to and with its slash. */
  readonly key: Buffer
  readonly file: string
  readonly isFolder: boolean
}

export async function* listKeys(root: string, options: ListOptions): AsyncGenerator<{ key: string; file: string }> {
  const bounds = { prefix: Buffer.from(options.prefix, 'utf8'), after: Buffer.from(options.after, 'utf8') }
  for await (const entry of walk(root, Buffer.alloc(0), bounds))
    yield { key: entry.key.toString('utf8'), file: entry.file }
}

async function* walk(folder: string, parent: Buffer, bounds: { prefix: Buffer; after: Buffer }): AsyncGenerator<Entry> {
  const entries = await readEntries(folder, parent)
  // A folder's key ends in its slash, so comparing entries compares every key below them too.
  entries.sort((a, b) => Buffer.compare(a.key, b.key))
  for (const entry of entries) {
    if (entry.isFolder) {
      if (!overlaps(entry.key, bounds.prefix) || isBefore(entry.key, bounds.after)) continue
      yield* walk(entry.file, entry.key, bounds)
    } else if (startsWith(entry.key, bounds.prefix) && Buffer.compare(entry.key, bounds.after) > 0) {
      yield entry
    }
  }
}

/** A folder's entries, those of its continued names included: they are one level of the key, not two. */
async function readEntries(folder: string, parent: Buffer): Promise<Entry[]> {
  // Deleted while we walk: then it has nothing to list.
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  const entries: Entry[] = []
  for (const text of names) {
    const name = parseName(text)
    if (name === null) continue
    const file = path.join(folder, text)
    const key = Buffer.concat([parent, name.bytes])
    if (name.kind === 'continued') entries.push(...(await readEntries(file, key)))
    else if (name.kind === 'folder') entries.push({ key: Buffer.concat([key, SLASH]), file, isFolder: true })
    else entries.push({ key, file, isFolder: false })
  }
  return entries
}

const SLASH = Buffer.from('/')

const startsWith = (key: Buffer, prefix: Buffer): boolean => key.subarray(0, prefix.length).equals(prefix)

/** Whether keys below `folder` can start with `prefix`. */
const overlaps = (folder: Buffer, prefix: Buffer): boolean => startsWith(folder, prefix) || startsWith(prefix, folder)

/** Whether every key below `folder` is at or before `after`. */
const isBefore = (folder: Buffer, after: Buffer): boolean =>
  Buffer.compare(folder, after) < 0 && !startsWith(after, folder)
