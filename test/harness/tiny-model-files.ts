// The files of a tiny model (test/golden/models/), as a repository or a folder would have them.
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

export const tinyModelFolder = (name: string): string =>
  fileURLToPath(new URL(`../golden/models/${name}`, import.meta.url))

export function tinyModelFiles(name: string): Map<string, Uint8Array> {
  const root = tinyModelFolder(name)
  const entries = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return new Map(
    entries.map((entry) => {
      const path = join(entry.parentPath, entry.name)
      return [relative(root, path).replaceAll('\\', '/'), new Uint8Array(readFileSync(path))]
    }),
  )
}
