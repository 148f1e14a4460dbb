import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '#infra/embedded/postgres/start-embedded-postgres.ts'
import { createContainer } from '#server/container.ts'
import { migrate } from '#server/db/migrate.ts'
import { handleAuth } from '#server/http/handle-auth.ts'
import { handleTrpc } from '#server/http/handle-trpc.ts'
import { claimJobs } from '#server/workers/claim-jobs.ts'
import { onlyNotified } from '#test/harness/only-notified.ts'
import { ref, type ScriptedWorker, scriptedWorker } from '#test/harness/scripted-worker.ts'
import { APP_URL, type Person, startTestServer, type TestServer, validRequest } from '#test/harness/server.ts'

/** A minute: the database is back in one second, on a busy machine in some. */
const RETRIES_MAX = 240

describe('a database that goes away and comes back', () => {
  let dir: string
  let postgres: EmbeddedPostgres
  let server: TestServer
  let person: Person
  let worker: ScriptedWorker
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'dewpoint-restart-'))
    postgres = await startEmbeddedPostgres({ dir })
    await migrate(postgres.url)
    server = await startTestServer({ DATABASE_URL: postgres.url })
    person = await server.signUp()
    worker = await scriptedWorker(server)
    await worker.hello()
  })
  afterAll(async () => {
    await server.close()
    await postgres.stop()
    await rm(dir, { recursive: true, force: true })
  })

  /** As the machine losing power: no goodbye to anyone. */
  const crash = async () => {
    process.kill(postgres.pid, 'SIGKILL')
    await postgres.stop()
    // Its children serve on until they notice.
    await expect.poll(async () => (await get('model.list')).status).toBe(503)
  }
  const comeBack = async () => {
    postgres = await startEmbeddedPostgres({ dir })
  }
  const get = (path: string, headers = person.headers) =>
    handleTrpc(async () => server.container, new Request(`${APP_URL}/api/trpc/${path}`, { headers }))
  /** What a worker does about a 503: the same call again. */
  const retried = async <T>(call: () => Promise<T>): Promise<T> => {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await call()
      } catch (error) {
        if (attempt === RETRIES_MAX) throw error
        await sleep(250)
      }
    }
  }

  it('answers 503 with words for people while it is away, and needs no restart when it is back', async () => {
    await crash()
    const list = await get('generation.list?input=%7B%22json%22%3A%7B%7D%7D')
    expect(list.status).toBe(503)
    expect((await list.json()).error.json.data.dewpoint).toEqual({
      code: 'database.unavailable',
      userMessage: 'The database does not answer. Nothing is lost; try again in a moment.',
      retryable: true,
      detail: null,
    })
    const models = await get('model.list')
    expect(models.status).toBe(503)
    const auth = await handleAuth(
      async () => server.container,
      new Request(`${APP_URL}/api/auth/get-session`, { headers: person.headers }),
    )
    expect(auth.status).toBe(503)
    expect((await auth.json()).error.code).toBe('database.unavailable')
    await comeBack()
    await expect.poll(async () => (await get('session.me')).status).toBe(200)
    expect(await person.api.generation.list({})).toMatchObject({ items: [] })
  })

  it('loses no picture that was being made: the worker tries again, the subscription goes on, one charge', async () => {
    const before = (await person.api.session.me())?.allowance.used ?? 0
    const { id } = await person.api.generation.create(validRequest(server.model, { steps: 6 }))
    const job = await worker.claimOne()
    await worker.run(job, 3)
    await crash()
    await expect(worker.api.heartbeat({ workerId: worker.id, jobs: [ref(job)] })).rejects.toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
    })
    await comeBack()
    expect(await retried(() => worker.run(job))).toEqual({ stopped: false })
    await retried(() => worker.finish(job))
    expect((await person.api.generation.get({ id })).images[0]).toMatchObject({ status: 'done', step: 6 })
    expect((await person.api.session.me())?.allowance.used).toBe(before + 1)
  })

  it('listens again by itself, so that a queued image wakes a waiting worker at once', async () => {
    await crash()
    await comeBack()
    await expect.poll(() => server.container.deps.notifications.isListening).toBe(true)
    await retried(() => person.api.session.me())
    const { deps, waiting } = onlyNotified(server.container.deps)
    const claim = claimJobs(deps, { workerId: worker.id, max: 1, waitMs: 60_000 })
    await waiting
    const { id } = await person.api.generation.create(validRequest(server.model))
    expect((await claim).jobs.length).toBe(1)
    await person.api.generation.cancel({ id })
  })

  it('keeps what was committed right before the crash', async () => {
    const { id } = await person.api.generation.create(validRequest(server.model))
    await crash()
    await comeBack()
    const found = await retried(() => person.api.generation.get({ id }))
    expect(found.images[0]?.status).toBe('queued')
    await person.api.generation.cancel({ id })
  })

  it('is waited for when the web process starts first, and told from a wrong environment', async () => {
    await crash()
    await expect(createContainer(server.env)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await comeBack()
    await (await createContainer(server.env)).close()
  })
})
