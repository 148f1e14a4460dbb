// A PostgreSQL server in a temporary folder, and the little SQL that tests need around their databases. Not tied to a runner.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '#infra/embedded/postgres/start-embedded-postgres.ts'

/** A server of one's own in a temporary folder, without fsync: a test that loses power runs again. */
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

export function withDatabase(url: string, name: string): string {
  const changed = new URL(url)
  changed.pathname = `/${name}`
  return changed.href
}

export async function runSql(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}
