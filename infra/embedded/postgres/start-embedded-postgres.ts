// The embedded database: a real PostgreSQL server from npm, on loopback, in one folder. It survives kill -9 of whoever
// started it, refuses a second copy on the same folder, and remembers its port. Not a pool, not a client.
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, chown, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import pg from 'pg'
import { clearStaleServer } from './clear-stale-server.ts'
import { choosePostgresUser, commandAs, findPostgresBinaries, type RunAs } from './postgres-binaries.ts'

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
  stop(): Promise<void>
}

const USER = 'dewpoint'
const DATABASE = 'dewpoint'
/** Recovery after a crash replays the log; a minute is far past what our volumes need. */
const START_TIMEOUT_MS = 60_000
const STOP_TIMEOUT_MS = 15_000

/**
 * Starts PostgreSQL in `dir`, initialising it the first time.
 * @throws Error when another copy uses the folder, the port is taken, the disk is full or the server will not start.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const dir = resolve(options.dir)
  const dataDir = join(dir, 'data')
  const binaries = await findPostgresBinaries()
  const runAs = await choosePostgresUser()
  await mkdir(dir, { recursive: true })
  await giveTo(dir, runAs)
  const { command, leading, spawnAs } = await commandAs(runAs, binaries.postgres, [dataDir])
  await clearStaleServer(dir, dataDir)

  const password = await initialise(dir, dataDir, binaries.initdb, runAs)
  const port = await choosePort(join(dir, 'port'), options.port ?? 0)
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    // A socket folder would need a short path; loopback is enough.
    unix_socket_directories: '',
    max_connections: '100',
    ...(options.durable === false ? { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' } : {}),
  }
  const server = spawn(
    command,
    [...leading, '-D', dataDir, ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`])],
    // Its own process group: Ctrl-C in the terminal reaches us first, and we stop it after the web and the worker.
    { ...spawnAs, cwd: dir, detached: process.platform !== 'win32', stdio: ['ignore', 'ignore', 'pipe'] },
  )
  await waitUntilReady(server, dataDir, port)
  const pid = server.pid
  if (pid === undefined) throw new Error('PostgreSQL started without a process id')
  await writeFile(join(dir, 'owner.pid'), String(process.pid))
  await writeFile(join(dir, 'port'), String(port))

  const url = `postgresql://${USER}:${password}@127.0.0.1:${port}/${DATABASE}`
  try {
    await createDatabase(url)
  } catch (error) {
    await stopServer(server)
    throw error
  }
  return {
    url,
    port,
    pid,
    async stop() {
      await stopServer(server)
      await rm(join(dir, 'owner.pid'), { force: true })
    },
  }
}

async function giveTo(path: string, runAs: RunAs): Promise<void> {
  if (runAs.uid !== undefined && runAs.gid !== undefined) await chown(path, runAs.uid, runAs.gid)
}

/** Runs initdb once; the password lives in a file only its owner may read. */
async function initialise(dir: string, dataDir: string, initdb: string, runAs: RunAs): Promise<string> {
  const passwordFile = join(dir, 'password')
  if (existsSync(join(dataDir, 'PG_VERSION')) && existsSync(passwordFile)) return readFile(passwordFile, 'utf8')
  // Half an initdb (killed, disk full) has no PG_VERSION at its end or no password: begin again from nothing.
  await rm(dataDir, { recursive: true, force: true })
  await rm(passwordFile, { force: true })
  const password = randomBytes(24).toString('base64url')
  const pendingFile = join(dir, 'password.new')
  await writeFile(pendingFile, password, { mode: 0o600 })
  await chmod(pendingFile, 0o600)
  await giveTo(pendingFile, runAs)
  const { command, leading, spawnAs } = await commandAs(runAs, initdb, [dataDir])
  await new Promise<void>((done, failed) => {
    const child = spawn(
      command,
      [
        ...leading,
        '-D',
        dataDir,
        '-U',
        USER,
        '-A',
        'scram-sha-256',
        `--pwfile=${pendingFile}`,
        '-E',
        'UTF8',
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        '--locale=C',
        '--no-instructions',
      ],
      { ...spawnAs, cwd: dir, stdio: ['ignore', 'ignore', 'pipe'] },
    )
    const log = collect(child)
    child.on('error', (cause) => failed(new Error(`initdb would not start: ${cause.message}`, { cause })))
    child.on('close', (code) =>
      code === 0
        ? done()
        : failed(new Error(`PostgreSQL could not prepare ${dataDir} (initdb ended with ${code}):\n${log()}`)),
    )
  })
  await writeFile(passwordFile, password, { mode: 0o600 })
  await rm(pendingFile, { force: true })
  return password
}

/** The port asked for, the one remembered, or a free one. Only the one asked for is an error when taken. */
async function choosePort(rememberedFile: string, wanted: number): Promise<number> {
  if (wanted !== 0) {
    if (!(await isFree(wanted))) throw new Error(`Port ${wanted} for the embedded PostgreSQL is taken; choose another`)
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

async function waitUntilReady(server: ChildProcess, dataDir: string, port: number): Promise<void> {
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
      throw new Error(`PostgreSQL would not start in ${dataDir} on port ${port} (${ended}):\n${log()}`)
    }
    if (Date.now() > deadline) {
      server.kill('SIGQUIT')
      throw new Error(`PostgreSQL was not ready after ${START_TIMEOUT_MS / 1000} s:\n${log()}`)
    }
    await new Promise((tick) => setTimeout(tick, 10))
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
  const admin = new pg.Client({ connectionString: url.replace(/\/[^/]*$/, '/postgres') })
  await admin.connect()
  try {
    const { rowCount } = await admin.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE])
    if (rowCount === 0) await admin.query(`CREATE DATABASE ${DATABASE}`)
  } finally {
    await admin.end()
  }
}

async function stopServer(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return
  await new Promise<void>((done) => {
    // SIGINT: "fast" shutdown, which rolls back what is open and writes a checkpoint; SIGQUIT when even that hangs.
    const force = setTimeout(() => server.kill('SIGQUIT'), STOP_TIMEOUT_MS)
    server.once('exit', () => {
      clearTimeout(force)
      done()
    })
    server.kill('SIGINT')
  })
}
