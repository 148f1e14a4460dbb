// One real PostgreSQL server per test process, and for every test file its own database, cloned from a migrated template
// (tens of milliseconds instead of a migration). DATABASE_URL, where set, names a server to clone on instead.
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '#server/db/embedded-postgres.ts'
import { migrate } from '#server/db/migrate.ts'

export interface TestDatabase {
  readonly url: string
  /** Drops the database, whoever is still connected. */
  drop(): Promise<void>
}

interface Server {
  readonly adminUrl: string
  readonly template: string
  stop(): Promise<void>
}

let server: Promise<Server> | undefined

/** A fresh, migrated, empty database. */
export async function createTestDatabase(): Promise<TestDatabase> {
  server ??= startServer()
  const { adminUrl, template } = await server
  const name = `test_${randomBytes(8).toString('hex')}`
  await query(adminUrl, `CREATE DATABASE "${name}" TEMPLATE "${template}"`)
  return {
    url: withDatabase(adminUrl, name),
    drop: () => query(adminUrl, `DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`),
  }
}

/** Stops the server this process started; call it in afterAll of every file that created a database. */
export async function stopTestServer(): Promise<void> {
  const running = server
  server = undefined
  await (await running)?.stop()
}

async function startServer(): Promise<Server> {
  const outside = process.env.DATABASE_URL
  const embedded = outside === undefined ? await startThrowaway() : undefined
  const adminUrl = withDatabase(outside ?? embedded?.url ?? '', 'postgres')
  const template = `template_${randomBytes(8).toString('hex')}`
  await query(adminUrl, `CREATE DATABASE "${template}"`)
  await migrate(withDatabase(adminUrl, template))
  return {
    adminUrl,
    template,
    async stop() {
      if (embedded === undefined) await query(adminUrl, `DROP DATABASE IF EXISTS "${template}" WITH (FORCE)`)
      await embedded?.stop()
    },
  }
}

/** A server in a temporary folder, without fsync: a test that loses power runs again. */
export async function startThrowaway(): Promise<EmbeddedPostgres & { readonly dir: string }> {
  const dir = await mkdtemp(join(tmpdir(), 'dewpoint-postgres-'))
  const embedded = await startEmbeddedPostgres({ dir, durable: false })
  return {
    ...embedded,
    dir,
    async stop() {
      await embedded.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url)
  changed.pathname = `/${name}`
  return changed.href
}

async function query(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}
