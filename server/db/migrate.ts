// Applies prisma/migrations/ without Prisma's schema engine, which cannot be fetched everywhere. It takes the same lock and
// writes the same `_prisma_migrations` rows, so that `prisma migrate deploy` and this can follow one another in any order.
// pg-boss's own tables are brought up to date in the same step, so that no process migrates while it serves.
import { createHash, randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { PgBoss } from 'pg-boss'

/** The advisory lock Prisma's engine takes around migrations. */
const PRISMA_MIGRATION_LOCK = 72_707_369

const MIGRATIONS_TABLE = `CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
  "id" VARCHAR(36) PRIMARY KEY NOT NULL,
  "checksum" VARCHAR(64) NOT NULL,
  "finished_at" TIMESTAMPTZ,
  "migration_name" VARCHAR(255) NOT NULL,
  "logs" TEXT,
  "rolled_back_at" TIMESTAMPTZ,
  "started_at" TIMESTAMPTZ NOT NULL DEFAULT now(),
  "applied_steps_count" INTEGER NOT NULL DEFAULT 0
)`

interface AppliedRow {
  readonly migration_name: string
  readonly checksum: string
  readonly finished_at: Date | null
}

/**
 * Brings the database at `databaseUrl` up to date. Safe to call from several processes at once.
 * @returns the names of the migrations applied now.
 * @throws Error when a migration fails, failed before, or was edited after it was applied.
 */
export async function migrate(
  databaseUrl: string,
  options: { readonly migrationsDir?: string } = {},
): Promise<string[]> {
  const dir = options.migrationsDir ?? fileURLToPath(new URL('../../prisma/migrations', import.meta.url))
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 })
  await client.connect()
  try {
    await client.query('SELECT pg_advisory_lock($1)', [PRISMA_MIGRATION_LOCK])
    await client.query(MIGRATIONS_TABLE)
    const applied = await applyPending(client, dir)
    await migrateQueue(databaseUrl)
    return applied
  } finally {
    // The session's end releases the lock.
    await client.end()
  }
}

async function applyPending(client: pg.Client, dir: string): Promise<string[]> {
  const { rows } = await client.query<AppliedRow>(
    'SELECT migration_name, checksum, finished_at FROM "_prisma_migrations" WHERE rolled_back_at IS NULL',
  )
  const before = new Map(rows.map((row) => [row.migration_name, row]))
  const appliedNow: string[] = []
  for (const name of await migrationNames(dir)) {
    const sql = await readFile(join(dir, name, 'migration.sql'), 'utf8')
    const checksum = createHash('sha256').update(sql).digest('hex')
    const row = before.get(name)
    if (row === undefined) {
      await applyOne(client, name, sql, checksum)
      appliedNow.push(name)
    } else if (row.finished_at === null) {
      throw new Error(`Migration ${name} failed earlier; mend the database and its row in _prisma_migrations first`)
    } else if (row.checksum !== checksum) {
      throw new Error(
        `Migration ${name} was edited after it was applied (checksum ${checksum}, applied ${row.checksum})`,
      )
    }
  }
  return appliedNow
}

async function migrationNames(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true })
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
}

/** The row and the change commit together: a migration here is applied wholly or not at all. */
async function applyOne(client: pg.Client, name: string, sql: string, checksum: string): Promise<void> {
  try {
    await client.query('BEGIN')
    await client.query(sql)
    await client.query(
      `INSERT INTO "_prisma_migrations" (id, checksum, migration_name, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, clock_timestamp(), 1)`,
      [randomUUID(), checksum, name],
    )
    await client.query('COMMIT')
  } catch (cause) {
    await client.query('ROLLBACK')
    throw new Error(`Migration ${name} failed and was rolled back: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    })
  }
}

async function migrateQueue(databaseUrl: string): Promise<void> {
  const boss = new PgBoss({
    connectionString: databaseUrl,
    max: 2,
    supervise: false,
    schedule: false,
    registerInstance: false,
  })
  let failure: Error | undefined
  boss.on('error', (error) => {
    failure = error
  })
  await boss.start()
  await boss.stop({ graceful: false })
  if (failure !== undefined) throw failure
}
