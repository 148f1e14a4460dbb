// Where the pictures go: names, and files that are either whole or not there. Nothing that exists is replaced unless asked.
import { existsSync } from 'node:fs'
import { access, link, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import { type GenerateArguments, UsageError } from './arguments.ts'

const SLUG_LENGTH_MAX = 60

type NamingArguments = Pick<GenerateArguments, 'out' | 'prompt' | 'force'>

/** One path per seed. @throws UsageError when one exists (without --force) or its folder does not. */
export async function chooseOutputs(args: NamingArguments, seeds: readonly number[]): Promise<string[]> {
  const paths = seeds.map((seed) => pathFor(args, seed, seeds.length))
  const twice = paths.find((path, index) => paths.indexOf(path) !== index)
  if (twice !== undefined) throw new UsageError(`Two pictures would go to ${twice}: give each seed once`)
  for (const path of paths) {
    await access(dirname(path)).catch((cause: unknown) => {
      throw new UsageError(`--out: there is no folder ${dirname(path)}`, { cause })
    })
    if (!args.force && existsSync(path)) throw existsError(path)
  }
  return paths
}

function pathFor({ out, prompt }: NamingArguments, seed: number, count: number): string {
  if (out === undefined) return `${slug(prompt ?? '')}-${seed}.png`
  const extension = extname(out)
  if (extension.toLowerCase() !== '.png')
    throw new UsageError(`--out: pictures are PNG files, got ${JSON.stringify(basename(out))}`)
  return count === 1 ? out : join(dirname(out), `${basename(out, extension)}-${seed}${extension}`)
}

function slug(prompt: string): string {
  const words = prompt
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^\p{Letter}\p{Number}]+/gu, '-')
    .slice(0, SLUG_LENGTH_MAX)
    .replaceAll(/^-+|-+$/g, '')
  return words === '' ? 'picture' : words
}

/** Writes beside the target and moves into place, so that whoever looks sees all of it or nothing. */
export async function writeOutput(path: string, bytes: Uint8Array, force: boolean): Promise<void> {
  const draft = join(dirname(path), `.${basename(path)}.${process.pid}.part`)
  try {
    await writeFile(draft, bytes)
    // link, unlike rename, refuses to replace.
    if (force) await rename(draft, path)
    else await link(draft, path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') throw existsError(path)
    throw error
  } finally {
    await rm(draft, { force: true })
  }
}

const existsError = (path: string) => new UsageError(`${path} exists. Choose another --out, or --force to replace it.`)
