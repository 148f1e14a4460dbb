// ModelFiles over a folder on disk. Knows paths, nothing of what the files mean.
import { access, readFile } from 'node:fs/promises'
import { join, normalize, sep } from 'node:path'
import type { ModelFiles } from '#diffusion/runtime/runtime.ts'

/** Model files that also have a path on this machine. */
export interface FolderFiles extends ModelFiles {
  readonly folder: string
  pathOf(path: string): string
}

export function openModelFolder(folder: string): FolderFiles {
  const pathOf = (path: string) => {
    const inside = normalize(path)
    // Paths come from manifests and configs, which may be somebody else's.
    if (inside.startsWith('..') || inside.startsWith(sep))
      throw new RangeError(`${path} points outside the model folder`)
    return join(folder, inside)
  }
  return {
    folder,
    pathOf,
    has: (path) =>
      access(pathOf(path)).then(
        () => true,
        () => false,
      ),
    readBytes: (path) => readFile(pathOf(path)),
  }
}

export const hasPaths = (files: ModelFiles): files is FolderFiles => 'pathOf' in files
