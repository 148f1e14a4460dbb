// Starts the embedded database in a folder, says who runs it and from where, and stops it: a process of its own for anywhere.test.ts,
// which runs a copy of this file from places where the checkout is not. Fails as the commands do: in words, through runMain.
import { readFile } from 'node:fs/promises'
import pg from 'pg'
import { startEmbeddedPostgres } from '../../../infra/embedded/postgres/start-embedded-postgres.ts'
import { runMain, say } from '../../../scripts/lib/say.mjs'

await runMain(async () => {
  const [dir] = process.argv.slice(2)
  const server = await startEmbeddedPostgres({ dir: dir ?? '', durable: false })
  const client = new pg.Client({ connectionString: server.url })
  await client.connect()
  const { rows } = await client
    .query('CREATE TABLE IF NOT EXISTS starts (n int); INSERT INTO starts VALUES (1)')
    .then(() => client.query('SELECT count(*)::int AS starts FROM starts'))
  await client.end()
  const status = await readFile(`/proc/${server.pid}/status`, 'utf8').catch(() => '')
  const field = (name: string) => status.match(new RegExp(`^${name}:\\s+(\\w+)`, 'm'))?.[1]
  say(JSON.stringify({ ...rows[0], uid: Number(field('Uid')), capabilities: field('CapEff') }))
  await server.stop()
})
