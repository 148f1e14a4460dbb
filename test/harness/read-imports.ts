// Which files of ours a file imports, types included, as paths from the project's root. For tests of the structure.
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { imports as aliases } from '../../package.json' with { type: 'json' }

const folderOf = new Map(
  Object.entries(aliases).map(([alias, path]) => [alias.slice(0, -2), normalize(path.slice(0, -2))]),
)

/** By file, of all files `pattern` matches; text that was generated is left out. */
export function readImports(pattern: string): Map<string, string[]> {
  const paths = globSync(pattern).filter((path) => !path.includes('/generated/'))
  return new Map(paths.map((path) => [path, importsOf(path)]))
}

function importsOf(path: string): string[] {
  const named = [...readFileSync(path, 'utf8').matchAll(/(?:from|import) '([.#][^']+)'/g)].map(([, name]) => name ?? '')
  return named.map((name) => {
    const [top = '', ...rest] = name.split('/')
    const folder = folderOf.get(top)
    return folder === undefined ? join(dirname(path), name) : join(folder, ...rest)
  })
}
