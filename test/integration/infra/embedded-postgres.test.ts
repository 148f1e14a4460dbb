import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startEmbeddedPostgres } from '#infra/embedded/postgres/start-embedded-postgres.ts'

describe('the embedded PostgreSQL', () => {
  let dir: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'dewpoint-embedded-'))
  })
  afterEach(() => rm(dir, { recursive: true, force: true }))

  const query = async (url: string, sql: string) => {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    const { rows } = await client.query(sql)
    await client.end()
    return rows
  }

  /** A process that starts the server and tells its URL, to be killed without warning. */
  const startInChild = async () => {
    const module = new URL('../../../infra/embedded/postgres/start-embedded-postgres.ts', import.meta.url).href
    const child = spawn(process.execPath, [
      '--input-type=module',
      '-e',
      `const { startEmbeddedPostgres } = await import(${JSON.stringify(module)});
       const server = await startEmbeddedPostgres({ dir: ${JSON.stringify(dir)} });
       console.log(server.url); setInterval(() => {}, 1000)`,
    ])
    const [line] = (await once(child.stdout, 'data')) as [Buffer]
    return { child, url: line.toString().trim() }
  }

  it('keeps its data, its password and its port over a restart', async () => {
    const first = await startEmbeddedPostgres({ dir })
    await query(first.url, 'CREATE TABLE kept AS SELECT 7 AS n')
    await first.stop()
    const second = await startEmbeddedPostgres({ dir })
    expect(second.url).toBe(first.url)
    expect(await query(second.url, 'SELECT n FROM kept')).toEqual([{ n: 7 }])
    await second.stop()
  })

  it('takes the folder over from a copy that was killed with SIGKILL, and keeps what was committed', async () => {
    const { child, url } = await startInChild()
    await query(url, 'CREATE TABLE kept AS SELECT 7 AS n')
    child.kill('SIGKILL')
    await once(child, 'exit')
    const next = await startEmbeddedPostgres({ dir })
    expect(await query(next.url, 'SELECT n FROM kept')).toEqual([{ n: 7 }])
    await next.stop()
  })

  it('is not fooled by a lock file whose process number now belongs to another program', async () => {
    const first = await startEmbeddedPostgres({ dir })
    const lock = await readFile(join(dir, 'data', 'postmaster.pid'), 'utf8')
    await first.stop()
    await writeFile(join(dir, 'data', 'postmaster.pid'), lock.replace(/^\d+/, String(process.pid)))
    const second = await startEmbeddedPostgres({ dir })
    expect(await query(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
    await second.stop()
  })

  it('says so when another running copy has the folder, and leaves that copy alone', async () => {
    const { child, url } = await startInChild()
    try {
      await expect(startEmbeddedPostgres({ dir })).rejects.toThrow(
        new RegExp(`Another copy of Dewpoint \\(process ${child.pid}\\).*DATA_DIR`),
      )
      expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
    } finally {
      child.kill('SIGKILL')
      await once(child, 'exit')
      // Ends the orphaned server before the folder goes.
      await (await startEmbeddedPostgres({ dir })).stop()
    }
  })

  it.runIf(process.getuid?.() === 0)('never runs as root, not even in a folder only root may enter', async () => {
    const closed = join(dir, 'closed')
    await mkdir(closed, { mode: 0o700 })
    for (const place of [dir, join(closed, 'postgres')]) {
      const server = await startEmbeddedPostgres({ dir: place })
      const status = await readFile(`/proc/${server.pid}/status`, 'utf8')
      expect(status).toMatch(/^Uid:\s+[1-9]\d*/m)
      expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
      await server.stop()
    }
    expect((await stat(closed)).mode & 0o777).toBe(0o700)
  })

  it('names the port when the one asked for is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const address = other.address()
    const port = address !== null && typeof address === 'object' ? address.port : 0
    await expect(startEmbeddedPostgres({ dir, port })).rejects.toThrow(
      `Port ${port} for the embedded PostgreSQL is taken`,
    )
    other.close()
  })
})
