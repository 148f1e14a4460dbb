// ModelFiles over a folder on disk. Knows paths, nothing of what the files mean.
import { access, open, readFile } from 'node:fs/promises'
import { join, normalize, sep } from 'node:path'
import type { ModelManifest } from '#contracts/model-manifest.ts'
import type { ModelFiles } from '#diffusion/runtime/runtime.ts'

/** Model files that also have a path on this machine. */
export interface FolderFiles extends ModelFiles {
  readonly folder: string
  pathOf(path: string): string
}

/** @param listed the manifest's files, where some of them may lie in the folder of another model (`from`). */
export function openModelFolder(folder: string, listed: ModelManifest['files'] = {}): FolderFiles {
  const pathOf = (path: string) => {
    const inside = normalize(path)
    // Paths come from manifests and configs, which may be somebody else's.
    if (inside.startsWith('..') || inside.startsWith(sep))
      throw new RangeError(`${path} points outside the model folder`)
    const from = Object.hasOwn(listed, path) ? listed[path]?.from : undefined
    return from === undefined ? join(folder, inside) : join(folder, '..', from, inside)
  }
  return {
    folder,
    pathOf,
    has: (path) =>
      access(pathOf(path)).then(
        () => true,
        () => false,
      ),
    readBytes: (path) => readWhole(pathOf(path)),
  }
}

export const hasPaths = (files: ModelFiles): files is FolderFiles => 'pathOf' in files

/** Node reads files past this in pieces only. */
const ONE_READ_MAX_BYTES = 2 ** 30

/** External data of a model is often larger than the 2 GiB `readFile` stops at. */
async function readWhole(path: string): Promise<Uint8Array> {
  const handle = await open(path)
  try {
    const { size } = await handle.stat()
    if (size <= ONE_READ_MAX_BYTES) return await readFile(handle)
    const bytes = new Uint8Array(size)
    for (let at = 0; at < size; ) {
      const { bytesRead } = await handle.read(bytes, at, Math.min(ONE_READ_MAX_BYTES, size - at), at)
      if (bytesRead === 0) throw new RangeError(`${path} became shorter while it was read`)
      at += bytesRead
    }
    return bytes
  } finally {
    await handle.close()
  }
}
