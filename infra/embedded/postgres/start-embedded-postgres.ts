// The embedded database: a real PostgreSQL server from npm, on loopback, in one folder. It survives kill -9 of whoever
// started it, refuses a second copy on the same folder, and remembers its port. Not a pool, not a client.
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { clearStaleServer } from './clear-stale-server.ts'
import { findPostgresBinaries, type PostgresBinaries } from './postgres-binaries.ts'
import { PostgresError } from './postgres-error.ts'
import { asUser, choosePostgresUser, type Door, openDoor, type RunAs } from './run-as.ts'

export interface EmbeddedPostgresOptions {
  /** Folder of the cluster; created when absent. */
  readonly dir: string
  /** 0 or absent: the port used last time if it is free, else one the system chooses. */
  readonly port?: number
  /** Test runs trade crash safety for speed. */
  readonly durable?: boolean
}

export interface EmbeddedPostgres {
  /** Connection URL of the database `dewpoint`. */
  readonly url: string
  readonly port: number
  readonly pid: number
  /** Resolves with what ended it; never rejects. */
  readonly ended: Promise<string>
  stop(): Promise<void>
}

const USER = 'dewpoint'
const DATABASE = 'dewpoint'
/** Recovery after a crash replays the log; a minute is far past what our volumes need. */
const START_TIMEOUT_MS = 60_000
const STOP_TIMEOUT_MS = 15_000
/** From SIGQUIT, which asks for the end without a checkpoint, to SIGKILL. */
const QUIT_TIMEOUT_MS = 5_000

/**
 * Starts PostgreSQL in `dir`, initialising it the first time.
 * @throws PostgresError when another copy uses the folder, the port is taken, the disk is full or the server will not start.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const dir = resolve(options.dir)
  const runAs = await choosePostgresUser()
  await mkdir(dir, { recursive: true, mode: 0o700 })
  await giveTo(dir, runAs)
  const binaries = await findPostgresBinaries(runAs, dir)
  await clearStaleServer(dir, join(dir, 'data'))
  const door = openDoor(dir, runAs)
  try {
    return await start(options, { dir, door, runAs, binaries })
  } finally {
    // The server has its own by now.
    door.close()
  }
}

interface Cluster {
  /** Holds the cluster (`data`) and what we keep about it. */
  readonly dir: string
  /** The same folder as PostgreSQL's programs get to it. */
  readonly door: Door
  readonly runAs: RunAs
  readonly binaries: PostgresBinaries
}

async function start(options: EmbeddedPostgresOptions, cluster: Cluster): Promise<EmbeddedPostgres> {
  const { dir, door, runAs, binaries } = cluster
  const password = await initialise(cluster, options.durable !== false)
  const port = await choosePort(join(dir, 'port'), options.port ?? 0)
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    // A socket folder would need a short path; loopback is enough.
    unix_socket_directories: '',
    max_connections: '100',
    ...(options.durable === false ? { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' } : {}),
  }
  const flags = Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`])
  const server = spawn(binaries.postgres, ['-D', `${door.path}/data`, ...flags], {
    ...asUser(runAs),
    // Its own process group: Ctrl-C in the terminal reaches us first, and we stop it after the web and the worker.
    detached: process.platform !== 'win32',
    stdio: ['ignore', 'ignore', 'pipe', ...door.stdio],
  })
  await waitUntilReady(server, dir, port)
  const pid = server.pid
  if (pid === undefined) throw new PostgresError('PostgreSQL started without a process id')
  await writeFile(join(dir, 'owner.pid'), String(process.pid))
  await writeFile(join(dir, 'port'), String(port))

  const url = `postgresql://${USER}:${password}@127.0.0.1:${port}/${DATABASE}?sslmode=disable`
  try {
    await createDatabase(url)
  } catch (error) {
    await stopServer(server)
    throw error
  }
  const guard = endWithUs(pid)
  const ended = new Promise<string>((done) => {
    const tell = () => done(`ended with ${server.exitCode ?? server.signalCode}`)
    if (hasEnded(server)) tell()
    else server.once('exit', tell)
  })
  void ended.then(() => guard?.kill('SIGKILL'))
  return {
    url,
    port,
    pid,
    ended,
    async stop() {
      await stopServer(server)
      await rm(join(dir, 'owner.pid'), { force: true })
    },
  }
}

async function giveTo(path: string, runAs: RunAs): Promise<void> {
  if (runAs.uid !== undefined && runAs.gid !== undefined) await chown(path, runAs.uid, runAs.gid)
}

/** Runs initdb once; the password lives in a file only its owner may read. @returns the password. */
async function initialise({ dir, door, runAs, binaries }: Cluster, durable: boolean): Promise<string> {
  const passwordFile = join(dir, 'password')
  const pendingFile = join(dir, 'password.new')
  if (existsSync(join(dir, 'data', 'PG_VERSION'))) {
    if (existsSync(passwordFile)) return readFile(passwordFile, 'utf8')
    // With the pending one it is half a cluster (killed, disk full), which nobody has ever used; without, it is somebody's data.
    if (!existsSync(pendingFile)) {
      throw new PostgresError(
        `${passwordFile} is gone, and with it the way into the database beside it. Put it back, or move ${dir} away to begin anew.`,
      )
    }
  }
  await rm(join(dir, 'data'), { recursive: true, force: true })
  const password = randomBytes(24).toString('base64url')
  await writeFile(pendingFile, password, { mode: 0o600 })
  await chmod(pendingFile, 0o600)
  await giveTo(pendingFile, runAs)
  const where = ['-D', `${door.path}/data`, `--pwfile=${door.path}/password.new`]
  const locale = ['-E', 'UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C']
  await new Promise<void>((done, failed) => {
    const child = spawn(
      binaries.initdb,
      [...where, '-U', USER, '-A', 'scram-sha-256', ...locale, '--no-instructions', ...(durable ? [] : ['--no-sync'])],
      { ...asUser(runAs), stdio: ['ignore', 'ignore', 'pipe', ...door.stdio] },
    )
    const log = collect(child)
    child.on('error', (cause) => failed(new PostgresError(`initdb would not start: ${cause.message}`, { cause })))
    child.on('close', (code) =>
      code === 0
        ? done()
        : failed(new PostgresError(`PostgreSQL could not prepare ${dir} (initdb ended with ${code}):\n${log()}`)),
    )
  })
  await rename(pendingFile, passwordFile)
  return password
}

/** The port asked for, the one remembered, or a free one. Only the one asked for is an error when taken. */
async function choosePort(rememberedFile: string, wanted: number): Promise<number> {
  if (wanted !== 0) {
    if (!(await isFree(wanted)))
      throw new PostgresError(`Port ${wanted} for the embedded PostgreSQL is taken; choose another`)
    return wanted
  }
  const remembered = existsSync(rememberedFile) ? Number(await readFile(rememberedFile, 'utf8')) : 0
  if (remembered > 0 && (await isFree(remembered))) return remembered
  return listenOnce(0)
}

async function isFree(port: number): Promise<boolean> {
  return listenOnce(port).then(
    () => true,
    () => false,
  )
}

function listenOnce(port: number): Promise<number> {
  return new Promise((done, failed) => {
    const probe = createServer()
    probe.on('error', failed)
    probe.listen(port, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() =>
        address !== null && typeof address === 'object' ? done(address.port) : failed(new Error('no port')),
      )
    })
  })
}

async function waitUntilReady(server: ChildProcess, dir: string, port: number): Promise<void> {
  const log = collect(server)
  let ended: string | undefined
  server.on('error', (cause) => {
    ended = cause.message
  })
  server.on('exit', (code, signal) => {
    ended = `ended with ${code ?? signal}`
  })
  const deadline = Date.now() + START_TIMEOUT_MS
  while (!log().includes('database system is ready to accept connections')) {
    if (ended !== undefined) {
      throw new PostgresError(`PostgreSQL would not start in ${dir} on port ${port} (${ended}):\n${log()}`)
    }
    if (Date.now() > deadline) {
      server.kill('SIGQUIT')
      throw new PostgresError(`PostgreSQL was not ready after ${START_TIMEOUT_MS / 1000} s:\n${log()}`)
    }
    await sleep(10)
  }
  // The parent may exit while the server runs (kill -9); while it lives, an unread pipe must not block the server.
  server.stderr?.resume()
}

/** Keeps the last few KB of a process's standard error. */
function collect(child: ChildProcess): () => string {
  let text = ''
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-8_000)
  })
  return () => text
}

async function createDatabase(url: string): Promise<void> {
  const maintenance = new URL(url)
  maintenance.pathname = '/postgres'
  const admin = new pg.Client({ connectionString: maintenance.href })
  await admin.connect()
  try {
    const { rowCount } = await admin.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE])
    if (rowCount === 0) await admin.query(`CREATE DATABASE ${DATABASE}`)
  } finally {
    await admin.end()
  }
}

const hasEnded = (server: ChildProcess) => server.exitCode !== null || server.signalCode !== null

async function stopServer(server: ChildProcess): Promise<void> {
  if (hasEnded(server)) return
  await new Promise<void>((done) => {
    // SIGINT: "fast" shutdown, which rolls back what is open and writes a checkpoint.
    const quit = setTimeout(() => server.kill('SIGQUIT'), STOP_TIMEOUT_MS)
    const kill = setTimeout(() => server.kill('SIGKILL'), STOP_TIMEOUT_MS + QUIT_TIMEOUT_MS)
    server.once('exit', () => {
      clearTimeout(quit)
      clearTimeout(kill)
      done()
    })
    server.kill('SIGINT')
  })
}

/**
 * A shell that waits for our end, however sudden, and then asks the server for its own: its input is a pipe that closes with us.
 * undefined on Windows, where the next start finds the server.
 */
function endWithUs(pid: number): ChildProcess | undefined {
  if (process.platform === 'win32') return undefined
  const guard = spawn('/bin/sh', ['-c', 'read -r _; kill -INT "$1"', 'sh', String(pid)], {
    cwd: '/',
    // Out of reach of the terminal's Ctrl-C.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  // Without a shell, too, the next start finds the server.
  guard.on('error', () => undefined)
  guard.unref()
  const input = guard.stdin as (typeof guard.stdin & { unref?: () => void }) | null
  input?.unref?.()
  return guard
}
