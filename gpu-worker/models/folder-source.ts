// A model in a folder. Its files are copied, not linked: a model is known by its hashes, and a link would change with the folder.
// Where the file system can share blocks between copies (btrfs, XFS, APFS), a copy takes no room.
import { constants } from 'node:fs'
import { copyFile, readdir, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { AddModelError, type ModelSource, type SourceFile } from './model-sources.ts'

/** Files past this are more than any model has, and a sign of the wrong folder. */
const FILES_MAX = 10_000

export async function openFolderSource(folder: string): Promise<ModelSource> {
  const root = await realpath(resolve(folder))
  const files: SourceFile[] = []
  const paths = new Map<string, string>()
  const allowed = allowedRoots(root)
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) continue
    const at = join(entry.parentPath, entry.name)
    const path = relative(root, at).split(sep).join('/')
    if (files.length === FILES_MAX)
      throw new AddModelError(`${folder} holds more than ${FILES_MAX} files; name the model's own`)
    const real = await realpath(at).catch(() => {
      throw new AddModelError(`${path} is a link to nothing`)
    })
    if (!allowed.some((place) => real.startsWith(place + sep)))
      throw new AddModelError(`${path} is a link to ${real}, outside the model's folder; put the file itself there`)
    const facts = await stat(real)
    if (!facts.isFile()) continue
    files.push({ path, sizeBytes: facts.size })
    paths.set(path, real)
  }
  return {
    name: basename(root),
    revision: null,
    repo: null,
    files,
    async fetch({ path, sizeBytes }, { to, onProgress, signal }) {
      signal.throwIfAborted()
      await copyFile(paths.get(path) ?? '', to, constants.COPYFILE_FICLONE)
      onProgress(sizeBytes)
    },
  }
}

/** A hub cache's snapshots are links into its own `blobs`; nothing else may lie outside. */
function allowedRoots(root: string): string[] {
  const snapshots = dirname(root)
  return basename(snapshots) === 'snapshots' ? [root, join(dirname(snapshots), 'blobs')] : [root]
}
