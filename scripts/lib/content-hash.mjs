// One hash over the contents of files and folders, to tell whether what was made from them is still current.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'

/** SHA-256 over path and content of every file under `paths`, in path order; a missing path counts as missing. */
export function contentHash(root, paths, ignore = () => false) {
  const hash = createHash('sha256')
  const visit = (path) => {
    const name = relative(root, path)
    if (ignore(name)) return
    if (!existsSync(path)) {
      hash.update(`${name} is missing\n`)
    } else if (statSync(path).isDirectory()) {
      for (const entry of readdirSync(path).sort()) visit(join(path, entry))
    } else {
      const bytes = readFileSync(path)
      hash.update(`${name} ${bytes.length}\n`)
      hash.update(bytes)
    }
  }
  for (const path of paths) visit(join(root, path))
  return hash.digest('hex')
}
