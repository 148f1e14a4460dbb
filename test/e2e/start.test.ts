// `npm start` as a person meets it: start, stop, start again with everything still there, and what it says when it cannot.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { anyRequest, guestClient, waitUntilDone } from '#test/harness/api-client.ts'
import { freePort } from '../../scripts/lib/free-port.ts'
import { ROOT } from '../../scripts/lib/node.mjs'

interface Started {
  readonly process: ChildProcess
  readonly url: string
  said(): string
  /** Exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>
}

describe('npm start', () => {
  let dataDir: string
  let port: number
  let current: Started | undefined
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'dewpoint-start-'))
    port = (await freePort(0)) ?? 0
  })
  afterEach(async () => {
    current?.process.kill('SIGINT')
    await current?.ended
    current = undefined
  })
  afterAll(() => rm(dataDir, { recursive: true, force: true }))

  function launch(env: Record<string, string> = {}) {
    const child = spawn(process.execPath, [join(ROOT, 'scripts/start.mjs')], {
      env: { ...process.env, DATA_DIR: dataDir, PORT: String(port), WORKER_THREADS: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let text = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
    }
    const ended = once(child, 'exit').then(([code]): number | null => code)
    return { process: child, said: () => text, ended }
  }
  async function start(env?: Record<string, string>): Promise<Started> {
    const launched = launch(env)
    const gone = launched.ended.then(() => true)
    while (!launched.said().includes('Ctrl-C stops everything')) {
      if (await Promise.race([gone, sleep(20, false)])) throw new Error(launched.said())
    }
    current = { ...launched, url: `http://localhost:${port}` }
    return current
  }

  it('starts, stops on Ctrl-C, and is back with every picture still there', async () => {
    const first = await start()
    expect(first.said()).toMatch(new RegExp(`Dewpoint is at http://localhost:${port} +\\(ready in [\\d.]+ s\\)`))
    const person = await guestClient(first.url)
    const { id } = await person.api.generation.create.mutate(await anyRequest(person, { steps: 2 }))
    const [image] = (await waitUntilDone(person, id)).images
    const picture = await download(first.url, image?.url, person.cookie)
    first.process.kill('SIGINT')
    expect(await first.ended).toBe(0)
    expect(first.said()).toContain('Stopped.')
    expect(await freePort(port)).toBe(port)

    const second = await start()
    expect((await person.api.generation.list.query({})).items.map((item) => item.id)).toEqual([id])
    expect((await download(second.url, image?.url, person.cookie)).equals(picture)).toBe(true)
  })

  it('keeps its secrets where only their owner can read them', async () => {
    expect((await stat(join(dataDir, 'secrets.json'))).mode & 0o777).toBe(0o600)
  })

  it('tells a second copy where the first one runs', async () => {
    const first = await start()
    const second = launch()
    expect(await second.ended).toBe(1)
    expect(second.said()).toContain(`already running at ${first.url} (process ${first.process.pid})`)
    expect(second.said()).not.toContain('    at ')
  })

  it('says so when the port is taken, and which to try', async () => {
    const other = createServer().listen(port, '127.0.0.1')
    await once(other, 'listening')
    try {
      const refused = launch()
      expect(await refused.ended).toBe(1)
      expect(refused.said()).toContain(`Port ${port} is taken by another program`)
      expect(refused.said()).toContain(`PORT=${port + 1} npm start`)
    } finally {
      other.close()
    }
  })

  it('names settings that are not usable', async () => {
    const refused = launch({ PORT: 'three thousand' })
    expect(await refused.ended).toBe(1)
    expect(refused.said()).toContain('PORT')
    expect(refused.said()).toContain('three thousand')
  })

  it('leaves nothing running when it is killed outright, and starts again over what is left', async () => {
    const first = await start()
    const log = await readFile(join(dataDir, 'logs', 'worker.log'), 'utf8')
    expect(log).toContain('"msg":"ready"')
    first.process.kill('SIGKILL')
    await first.ended
    await expect.poll(() => freePort(port)).toBe(port)
    const second = await start()
    expect((await fetch(second.url)).status).toBe(200)
  })
})

async function download(url: string, path: string | null | undefined, cookie: string): Promise<Buffer> {
  const response = await fetch(new URL(path ?? '', url), { headers: { cookie } })
  if (!response.ok) throw new Error(`${path} answered ${response.status}`)
  return Buffer.from(await response.arrayBuffer())
}
