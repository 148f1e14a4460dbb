// `npm start` as a person meets it: start, stop, start again with everything still there, and what it says when it cannot.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { anyRequest, guestClient, waitUntilDone } from '#test/harness/api-client.ts'
import { freePort } from '../../scripts/lib/free-port.ts'
import { ROOT } from '../../scripts/lib/node.mjs'

/** Of half a second. */
const RETRIES_MAX = 120
const STACK = /^\s+at /m

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
    expect(second.said()).not.toMatch(STACK)
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

  it.each([
    [{ PORT: 'three thousand' }, /PORT.*three thousand/],
    [{ WORKERS: '-1' }, /WORKERS/],
    [{ HOST: '203.0.113.7' }, /HOST=203\.0\.113\.7 is no address of this machine/],
    [{ DATA_DIR: join(ROOT, 'package.json') }, /package\.json cannot be written to.*DATA_DIR/],
    [{ DATA_DIR: '/sys/dewpoint' }, /\/sys\/dewpoint cannot be written to.*DATA_DIR/],
    [
      { DATABASE_URL: 'postgresql://me:secret@127.0.0.1:1/dewpoint' },
      /me:…@127\.0\.0\.1:1.*cannot be used: .*ECONNREFUSED/,
    ],
    [{ DATABASE_URL: 'mysql' }, /database at mysql cannot be used/],
    [{ MODELS_DIR: '/nowhere' }, /website.*\/nowhere/is],
  ])('says in words what is wrong with %j', async (env, words) => {
    const refused = launch(env)
    expect(await refused.ended).toBe(1)
    expect(refused.said()).toMatch(words)
    expect(refused.said()).not.toMatch(STACK)
    expect(refused.said()).not.toContain('secret')
  })

  it('says that its secrets are damaged, and leaves them', async () => {
    const damaged = await mkdtemp(join(tmpdir(), 'dewpoint-damaged-'))
    await writeFile(join(damaged, 'secrets.json'), '{"AUTH_SECRET": "')
    const refused = launch({ DATA_DIR: damaged })
    expect(await refused.ended).toBe(1)
    expect(refused.said()).toMatch(/secrets\.json is damaged/)
    expect(refused.said()).not.toMatch(STACK)
    expect(await readFile(join(damaged, 'secrets.json'), 'utf8')).toBe('{"AUTH_SECRET": "')
    await rm(damaged, { recursive: true })
  })

  describe.runIf(process.platform === 'linux')('when something ends', () => {
    it('brings back whichever part was killed, and keeps the others up', async () => {
      const { process: launcher, url, said } = await start()
      const person = await guestClient(url)
      for (const name of ['The database', 'The worker', 'The website']) {
        const pid = await pidOf(launcher, name)
        process.kill(pid, 'SIGKILL')
        await expect.poll(said).toContain(`${name} runs again.`)
        expect(await pidOf(launcher, name)).not.toBe(pid)
        const { id } = await retried(async () =>
          person.api.generation.create.mutate(await anyRequest(person, { steps: 1 })),
        )
        await retried(() => waitUntilDone(person, id))
      }
      expect(said()).not.toMatch(STACK)
      launcher.kill('SIGINT')
      expect(await current?.ended).toBe(0)
    })

    it('a website told to stop goes though a worker waits on it, and the worker does not storm it', async () => {
      const { process: launcher, said } = await start()
      const pid = await pidOf(launcher, 'The website')
      const logPath = join(dataDir, 'logs', 'worker.log')
      const before = (await readFile(logPath, 'utf8')).length
      const asked = performance.now()
      process.kill(pid, 'SIGTERM')
      await expect.poll(() => isAlive(pid), { interval: 20 }).toBe(false)
      // 4.5 s is its own bound; 32 s went by before it had one.
      expect(performance.now() - asked).toBeLessThan(15_000)
      await expect.poll(said).toContain('The website runs again.')
      const refusals = (await readFile(logPath, 'utf8')).slice(before).match(/"msg":"claiming failed"/g) ?? []
      expect(refusals.length).toBeLessThan(10)
    })

    it.each(['SIGTERM', 'SIGHUP', 'SIGKILL'] as const)('ends everything on %s', async (signal) => {
      const { process: launcher, ended } = await start()
      const pids = await pidsOf(launcher)
      expect(pids.length).toBeGreaterThanOrEqual(3)
      launcher.kill(signal)
      expect(await ended).toBe(signal === 'SIGKILL' ? null : 0)
      await expect.poll(() => pids.filter(isAlive)).toEqual([])
      expect(await freePort(port)).toBe(port)
    })

    it('ends everything when the database dies while it stops', async () => {
      const { process: launcher, url, ended } = await start()
      const pids = await pidsOf(launcher)
      const person = await guestClient(url)
      // Something a worker would like to finish first.
      await person.api.generation.create.mutate(await anyRequest(person, { steps: 150 }))
      const database = await pidOf(launcher, 'The database')
      launcher.kill('SIGINT')
      process.kill(database, 'SIGKILL')
      expect(await ended).toBe(0)
      await expect.poll(() => pids.filter(isAlive)).toEqual([])
    })

    it('starts again over what a sudden end left, with logs for its owner alone', async () => {
      const { url } = await start()
      expect((await fetch(url)).status).toBe(200)
      for (const log of ['web.log', 'worker.log'])
        expect((await stat(join(dataDir, 'logs', log))).mode & 0o777, log).toBe(0o600)
    })
  })

  /** By what its command line says; the website gives itself a title. */
  const PARTS: Readonly<Record<string, RegExp>> = {
    'The database': /postgres\0-D/,
    'The worker': /gpu-worker\/main\.ts/,
    'The website': /next/,
  }

  async function pidOf(launcher: ChildProcess, name: string): Promise<number> {
    for (const pid of await pidsOf(launcher)) {
      if (PARTS[name]?.test(await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''))) return pid
    }
    throw new Error(`${name} does not run`)
  }

  async function pidsOf({ pid }: ChildProcess): Promise<number[]> {
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
    return children.trim().split(' ').map(Number)
  }
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Calls again what meets a part that is just away. */
async function retried<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call()
    } catch (error) {
      if (attempt === RETRIES_MAX) throw error
      await sleep(500)
    }
  }
}

async function download(url: string, path: string | null | undefined, cookie: string): Promise<Buffer> {
  const response = await fetch(new URL(path ?? '', url), { headers: { cookie } })
  if (!response.ok) throw new Error(`${path} answered ${response.status}`)
  return Buffer.from(await response.arrayBuffer())
}
