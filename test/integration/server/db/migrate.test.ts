import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { EmbeddedPostgres } from '#infra/embedded/postgres/start-embedded-postgres.ts'
import { migrate } from '#server/db/migrate.ts'
import { startThrowaway } from '#test/harness/throwaway-postgres.ts'

describe('migrate', () => {
  let server: EmbeddedPostgres
  beforeAll(async () => {
    server = await startThrowaway()
  })
  afterAll(() => server.stop())

  const rows = async (sql: string) => {
    const client = new pg.Client({ connectionString: server.url })
    await client.connect()
    const result = await client.query(sql)
    await client.end()
    return result.rows
  }

  it('applies every migration once, however many processes ask at the same time', async () => {
    const applied = await Promise.all([migrate(server.url), migrate(server.url), migrate(server.url)])
    const folders = (await readdir('prisma/migrations')).filter((name) => /^\d{14}_/.test(name)).sort()
    expect(applied.flat()).toEqual(folders)
    expect(await migrate(server.url)).toEqual([])
  })

  it('leaves the rows `prisma migrate deploy` looks for', async () => {
    await migrate(server.url)
    const [row] = await rows('SELECT * FROM "_prisma_migrations"')
    expect(row).toMatchObject({ migration_name: '20261123180000_spine', rolled_back_at: null, applied_steps_count: 1 })
    expect(row.checksum).toMatch(/^[0-9a-f]{64}$/)
    expect(row.finished_at).toBeInstanceOf(Date)
  })

  it('brings the queue along', async () => {
    await migrate(server.url)
    expect(
      await rows(
        "SELECT 1 AS found FROM information_schema.tables WHERE table_schema = 'pgboss' AND table_name = 'job'",
      ),
    ).toEqual([{ found: 1 }])
  })

  it('refuses a migration that was edited after it was applied, and rolls a failing one back', async () => {
    await migrate(server.url)
    const dir = await mkdtemp(join(tmpdir(), 'dewpoint-migrations-'))
    try {
      await cp('prisma/migrations', dir, { recursive: true })
      await cp(join(dir, '20261123180000_spine'), join(dir, '29990101000000_broken'), { recursive: true })
      await writeFile(
        join(dir, '29990101000000_broken', 'migration.sql'),
        'CREATE TABLE half (id int); SELECT nonsense;',
      )
      await expect(migrate(server.url, { migrationsDir: dir })).rejects.toThrow(
        /29990101000000_broken failed and was rolled back/,
      )
      expect(await rows("SELECT 1 FROM information_schema.tables WHERE table_name = 'half'")).toEqual([])

      await writeFile(join(dir, '20261123180000_spine', 'migration.sql'), '-- edited')
      await expect(migrate(server.url, { migrationsDir: dir })).rejects.toThrow(/was edited after it was applied/)
    } finally {
      await rm(dir, { recursive: true, force: true })
    }
  })
})
