// PostgreSQL refuses to run as root: which user it runs as instead, and how that user gets to a folder it may not walk to.
import { closeSync, constants, existsSync, openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { PostgresError } from './postgres-error.ts'

/** The system user PostgreSQL runs as when we are root; empty object: ourselves. */
export interface RunAs {
  readonly uid?: number
  readonly gid?: number
}

/** A folder as a child process gets to it. */
export interface Door {
  /** What the folder is called there. */
  readonly path: string
  /** Descriptors to hand over after the three standard ones. */
  readonly stdio: readonly number[]
  close(): void
}

const PREFERRED_USERS = ['postgres', 'nobody', 'daemon']
/** The first descriptor after standard input, output and error. */
const DOOR_FD = 3

/** Ourselves; as root `postgres`, else `nobody`, else anybody there is. initdb looks its user up, so a bare number will not do. */
export async function choosePostgresUser(): Promise<RunAs> {
  if (process.getuid?.() !== 0) return {}
  const users = (await readFile('/etc/passwd', 'utf8'))
    .split('\n')
    .map((line) => line.split(':'))
    .map(([name, , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }))
    .filter(({ uid, gid }) => uid > 0 && gid > 0)
  const user = PREFERRED_USERS.map((name) => users.find((one) => one.name === name)).find(Boolean) ?? users[0]
  if (user !== undefined) return { uid: user.uid, gid: user.gid }
  throw new PostgresError(
    'PostgreSQL refuses to run as root, and this system has no other user. Make one (useradd postgres), or set DATABASE_URL.',
  )
}

/**
 * Opens `dir` for a process of `runAs`. A user who is not us may be shut out on the way (a checkout in root's home, mode 700); what
 * we open and hand over needs no way: on Linux /proc/self/fd/N leads straight into it. No folder's mode is touched and the process
 * gets no capability.
 */
export function openDoor(dir: string, runAs: RunAs): Door {
  if (runAs.uid === undefined || !existsSync('/proc/self/fd')) return { path: dir, stdio: [], close: () => undefined }
  const fd = openSync(dir, constants.O_RDONLY | constants.O_DIRECTORY)
  return { path: `/proc/self/fd/${DOOR_FD}`, stdio: [fd], close: () => closeSync(fd) }
}

/**
 * Spawn options for a process of `runAs`: its user, a place that surely exists, and an environment of its own, as PGDATA, PGOPTIONS or a
 * locale this system lacks are about some other PostgreSQL. Windows programs do not start without theirs.
 */
export function asUser({ uid, gid }: RunAs) {
  if (process.platform === 'win32') return {}
  return { env: { LC_ALL: 'C', TZ: 'UTC' }, cwd: '/', ...(uid === undefined ? {} : { uid, gid }) }
}
