// What an earlier run left behind in a cluster's folder: nothing, a lock file of a dead server, a server whose starter was
// killed (stopped here), or a second running copy (refused here).
import { existsSync } from 'node:fs'
import { readdir, readFile, readlink, realpath, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { PostgresError } from './postgres-error.ts'

const STOP_TIMEOUT_MS = 20_000

/** @throws Error when another living copy of Dewpoint runs its database in this folder. */
export async function clearStaleServer(dir: string, dataDir: string): Promise<void> {
  const lockFile = join(dataDir, 'postmaster.pid')
  if (!existsSync(lockFile)) return
  const serverPid = Number((await readFile(lockFile, 'utf8')).split('\n')[0])
  if (!(await isPostgres(serverPid, dataDir))) {
    // A killed server's children hold its shared memory until they notice; starting beside them could ruin the data.
    await waitForOrphans(dataDir)
    // The number may belong to another program by now, which PostgreSQL itself would take for a running server. A dead
    // one's file is left to PostgreSQL, which checks more than the number.
    if (isAlive(serverPid)) await rm(lockFile, { force: true })
    return
  }
  const ownerFile = join(dir, 'owner.pid')
  const ownerPid = existsSync(ownerFile) ? Number(await readFile(ownerFile, 'utf8')) : 0
  if (ownerPid !== 0 && isAlive(ownerPid)) {
    throw new PostgresError(
      `Another copy of Dewpoint (process ${ownerPid}) is using the database in ${dir}. ` +
        'Stop it, or give this one its own folder with DATA_DIR.',
    )
  }
  await stopOrphan(serverPid)
}

/** Waits until no process works in the data folder, where the system tells (Linux); elsewhere PostgreSQL itself refuses. */
async function waitForOrphans(dataDir: string): Promise<void> {
  if (!existsSync('/proc/self/cwd')) return
  const home = await realpath(dataDir)
  const deadline = Date.now() + STOP_TIMEOUT_MS
  for (;;) {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
    const cwds = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => '')))
    if (!cwds.includes(home)) return
    if (Date.now() > deadline)
      throw new PostgresError(`Processes of an earlier PostgreSQL still work in ${dataDir}; end them first`)
    await sleep(50)
  }
}

/** A server whose starter was killed with SIGKILL; a fast shutdown is as good as its owner's. */
async function stopOrphan(pid: number): Promise<void> {
  process.kill(pid, 'SIGINT')
  const deadline = Date.now() + STOP_TIMEOUT_MS
  while (isAlive(pid)) {
    if (Date.now() > deadline)
      throw new PostgresError(`PostgreSQL (process ${pid}) of an earlier run will not stop; end it and try again`)
    await sleep(50)
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it lives, and is not ours to signal.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Whether `pid` works in this cluster, as only its server does; where there is no /proc, whether it lives at all. */
async function isPostgres(pid: number, dataDir: string): Promise<boolean> {
  if (!Number.isInteger(pid) || pid <= 0 || !isAlive(pid)) return false
  if (!existsSync('/proc/self/cwd')) return true
  return (await readlink(`/proc/${pid}/cwd`).catch(() => '')) === (await realpath(dataDir))
}
