// Vitest's global set-up for tests on a real database: starts the run's server and migrates the template. DATABASE_URL, where
// set, names a server to use instead (its own databases are not touched).
import { randomBytes } from 'node:crypto'
import type { TestProject } from 'vitest/node'
import { migrate } from '#server/db/migrate.ts'
import { runSql, startThrowaway, withDatabase } from './throwaway-postgres.ts'

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const outside = process.env.DATABASE_URL
  const embedded = outside === undefined ? await startThrowaway() : undefined
  const adminUrl = withDatabase(outside ?? embedded?.url ?? '', 'postgres')
  const template = `template_${randomBytes(8).toString('hex')}`
  await runSql(adminUrl, `CREATE DATABASE "${template}"`)
  await migrate(withDatabase(adminUrl, template))
  project.provide('postgres', { adminUrl, template })
  return async () => {
    if (embedded === undefined) await runSql(adminUrl, `DROP DATABASE IF EXISTS "${template}" WITH (FORCE)`)
    await embedded?.stop()
  }
}
