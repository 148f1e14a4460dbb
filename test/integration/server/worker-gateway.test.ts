import { createHash, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { handleTrpc } from '#server/http/handle-trpc.ts'
import { createContext } from '#server/trpc/context.ts'
import { createCaller } from '#server/trpc/router.ts'
import { claimJobs } from '#server/workers/claim-jobs.ts'
import { expectError } from '#test/harness/expect-error.ts'
import { onlyNotified } from '#test/harness/only-notified.ts'
import { plainPng, ref, type ScriptedWorker, scriptedWorker, withRecipe } from '#test/harness/scripted-worker.ts'
import { APP_URL, type Person, startTestServer, type TestServer, validRequest } from '#test/harness/server.ts'

describe('the worker gateway', () => {
  let server: TestServer
  let person: Person
  let worker: ScriptedWorker
  let other: ScriptedWorker
  beforeAll(async () => {
    server = await startTestServer()
    worker = await scriptedWorker(server)
    other = await scriptedWorker(server)
    await worker.hello()
    await other.hello()
  })
  beforeEach(async () => {
    person = await server.signUp()
  })
  afterAll(() => server.close())

  const imageOf = async (id: string) => (await person.api.generation.get({ id })).images[0]
  const facts = { sha256: 'a'.repeat(64), sizeBytes: 10, width: 256, height: 256, thumbhash: 'AAAA', durationMs: 1 }

  it('asks a worker it does not know to say hello', async () => {
    const stranger = await scriptedWorker(server)
    await expectError(stranger.claim(1, 0), 'input.invalid', /say hello first/)
  })

  it('gives one job to one worker, however many ask at once', async () => {
    const workers = await Promise.all(Array.from({ length: 6 }, () => scriptedWorker(server)))
    await Promise.all(workers.map((each) => each.hello()))
    await person.api.generation.create(validRequest(server.model, { count: 3 }))
    const claims = await Promise.all(workers.map((each) => each.claim(2, 300)))
    const ids = claims.flat().map(({ jobId }) => jobId)
    expect(ids.length).toBe(3)
    expect(new Set(ids).size).toBe(3)
    await Promise.all(workers.map((each, i) => Promise.all((claims[i] ?? []).map((job) => each.finish(job)))))
  })

  it('wakes a waiting worker when something is queued', async () => {
    const { deps, waiting } = onlyNotified(server.container.deps)
    const claim = claimJobs(deps, { workerId: worker.id, max: 1, waitMs: 60_000 })
    await waiting
    await person.api.generation.create(validRequest(server.model))
    const [job] = (await claim).jobs
    if (job === undefined) throw new Error('no job')
    await worker.finish(job)
  })

  it('sends workers away while the website stops, instead of having nothing to do for them', async () => {
    const stopping = await server.secondContainer()
    const headers = new Headers({ authorization: `Bearer ${server.env.WORKER_TOKEN}` })
    const { worker: api } = createCaller(createContext(stopping, headers))
    const waiting = api.claim({ workerId: worker.id, max: 1, waitMs: 30_000 })
    await Promise.all([expectError(waiting, 'server.stopping'), stopping.drain()])
    await expectError(api.claim({ workerId: worker.id, max: 1, waitMs: 0 }), 'server.stopping')
    await expectError(api.hello({ workerId: worker.id, provider: 'cpu', models: [] }), 'server.stopping')
    // What runs may still report.
    await api.heartbeat({ workerId: worker.id, jobs: [] })
    const answer = await handleTrpc(async () => stopping, new Request(`${APP_URL}/api/trpc/model.list`))
    expect(answer.status).toBe(200)
    expect(answer.headers.get('connection')).toBe('close')
    await stopping.close()
  })

  it('gives no job to a worker that has another model, or the same model with other weights', async () => {
    const { id } = await person.api.generation.create(validRequest(server.model))
    const wrong = await scriptedWorker(server)
    await wrong.api.hello({
      workerId: wrong.id,
      provider: 'cpu',
      models: [{ id: server.model.id, hash: 'f'.repeat(64) }],
    })
    expect(await wrong.claim(1, 0)).toEqual([])
    await person.api.generation.cancel({ id })
  })

  it('shows who is there to run a model', async () => {
    const [model] = await person.api.model.list()
    expect(model?.id).toBe(server.model.id)
    expect(model?.workers[0]).toMatchObject({ provider: 'cpu' })
    expect(model).not.toHaveProperty('files')
  })

  it('cancels a waiting image at once, and no worker ever gets it', async () => {
    const { id } = await person.api.generation.create(validRequest(server.model))
    expect(await person.api.generation.cancel({ id })).toMatchObject({
      images: [{ status: 'canceled', queuePosition: null }],
    })
    expect(await worker.claim(1, 0)).toEqual([])
    expect(await person.api.generation.cancel({ id })).toMatchObject({ images: [{ status: 'canceled' }] })
  })

  it('tells the worker of a canceled image to stop at its next report, and at its next heartbeat', async () => {
    const { id } = await person.api.generation.create(validRequest(server.model))
    const job = await worker.claimOne()
    await worker.run(job, 1)
    await person.api.generation.cancel({ id })
    const beat = await worker.api.heartbeat({ workerId: worker.id, jobs: [ref(job)] })
    expect(beat).toEqual({ canceled: [job.jobId], lost: [] })
    expect(await worker.run(job, 1)).toEqual({ stopped: true })
    await expectError(worker.api.presign({ ...ref(job), sizeBytes: 1, sha256: 'a'.repeat(64) }), 'attempt.stale')
    await expectError(worker.api.complete({ ...ref(job), ...facts }), 'attempt.stale')
    expect(await imageOf(id)).toMatchObject({ status: 'canceled', url: null })
    expect((await person.api.session.me())?.allowance.used).toBe(0)
  })

  it('lets the later of two attempts write, and tells the earlier one that it lost', async () => {
    const { id } = await person.api.generation.create(validRequest(server.model))
    const first = await worker.claimOne()
    await worker.api.release(ref(first))
    const second = await other.claimOne()
    expect(second).toMatchObject({ jobId: first.jobId, attempt: first.attempt + 1, recipe: first.recipe })

    expect(await worker.run(first, 1)).toEqual({ stopped: true })
    expect(await worker.api.heartbeat({ workerId: worker.id, jobs: [ref(first)] })).toEqual({
      canceled: [],
      lost: [first.jobId],
    })
    await expectError(worker.api.presign({ ...ref(first), sizeBytes: 1, sha256: 'a'.repeat(64) }), 'attempt.stale')
    await expectError(worker.api.complete({ ...ref(first), ...facts }), 'attempt.stale')
    await expectError(worker.api.fail({ ...ref(first), reason: 'x', retryable: true }), 'attempt.stale')
    await expectError(worker.api.release(ref(first)), 'attempt.stale')

    await other.finish(second)
    expect(await imageOf(id)).toMatchObject({ status: 'done' })
    expect((await person.api.session.me())?.allowance.used).toBe(1)
  })

  it('charges once for a completion that was sent twice because the first answer got lost', async () => {
    await person.api.generation.create(validRequest(server.model))
    const job = await worker.claimOne()
    const png = withRecipe(await plainPng(256, 256, 1), job)
    expect((await worker.upload(job, png)).status).toBe(200)
    const done = {
      ...ref(job),
      ...facts,
      sha256: createHash('sha256').update(png).digest('hex'),
      sizeBytes: png.length,
    }
    await Promise.all(Array.from({ length: 5 }, () => worker.api.complete(done)))
    expect(await worker.api.complete(done)).toEqual({ ok: true })
    expect((await person.api.session.me())?.allowance.used).toBe(1)
  })

  it('believes no completion without the picture, or with one of another size', async () => {
    await person.api.generation.create(validRequest(server.model))
    const job = await worker.claimOne()
    await expectError(worker.api.complete({ ...ref(job), ...facts }), 'input.invalid', /presign and PUT it first/)
    const png = await plainPng(256, 256, 1)
    await worker.upload(job, png)
    await expectError(
      worker.api.complete({ ...ref(job), ...facts, sizeBytes: png.length + 1 }),
      'input.invalid',
      /said, \d+ stored/,
    )
    await worker.finish(job)
  })

  it('lets nobody change what a presigned URL was given out for', async () => {
    await person.api.generation.create(validRequest(server.model))
    const job = await worker.claimOne()
    const png = await plainPng(256, 256, 1)
    const ticket = await worker.api.presign({ ...ref(job), sizeBytes: png.length, sha256: 'a'.repeat(64) })
    const put = (url: string, body: Uint8Array<ArrayBuffer>, headers: Record<string, string>) =>
      fetch(url, { method: 'PUT', body, headers: { ...headers, 'content-length': String(body.length) } })
    const otherKey = ticket.url.replace(job.jobId, randomUUID())
    const later = ticket.url.replace(/X-Amz-Expires=\d+/, 'X-Amz-Expires=86400')
    expect((await put(otherKey, png, ticket.headers)).status).toBe(403)
    expect((await put(later, png, ticket.headers)).status).toBe(403)
    expect((await put(ticket.url, png, { ...ticket.headers, 'content-type': 'text/html' })).status).toBe(403)
    // The right key, another picture than announced.
    expect((await put(ticket.url, png, ticket.headers)).status).toBe(400)
    await worker.finish(job)
  })

  it('queues a failed image again twice, later each time, and then fails it without charging', async () => {
    const { id } = await person.api.generation.create(validRequest(server.model))
    const claimedAt: number[] = []
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      const [job] = await worker.claim(1, 30_000)
      claimedAt.push(performance.now())
      expect(job?.attempt).toBe(attempt)
      if (job !== undefined) await worker.api.fail({ ...ref(job), reason: 'out of memory at 0x0', retryable: true })
    }
    expect((claimedAt[1] ?? 0) - (claimedAt[0] ?? 0)).toBeGreaterThan(1_500)
    expect((claimedAt[2] ?? 0) - (claimedAt[1] ?? 0)).toBeGreaterThan(3_500)
    expect(await imageOf(id)).toMatchObject({
      status: 'failed',
      error: {
        code: 'generation.failed',
        message: 'The picture could not be made. Nothing was charged; you can try again.',
      },
    })
    expect((await person.api.session.me())?.allowance.used).toBe(0)
    expect(await worker.claim(1, 0)).toEqual([])
  })

  it('does not try again what the worker says cannot work', async () => {
    const { id } = await person.api.generation.create(validRequest(server.model))
    const job = await worker.claimOne()
    await worker.api.fail({ ...ref(job), reason: 'the graph takes no such size', retryable: false })
    expect(await imageOf(id)).toMatchObject({ status: 'failed' })
  })

  it('takes a released job back in its old place, ahead of what came later, however often it is released', async () => {
    const first = await person.api.generation.create(validRequest(server.model))
    const later = await person.api.generation.create(validRequest(server.model))
    for (let i = 0; i < 5; i += 1) {
      const job = await worker.claimOne()
      expect(job.jobId).toBe(first.images[0]?.id)
      await worker.api.release(ref(job))
    }
    expect(await imageOf(first.id)).toMatchObject({ status: 'queued', queuePosition: 0, step: 0 })
    await person.api.generation.cancel({ id: first.id })
    await person.api.generation.cancel({ id: later.id })
  })

  it('serves people in turns: one image of a newcomer goes before the second of someone who queued many', async () => {
    const heavy = await server.signUp()
    const light = await server.signUp()
    for (let i = 0; i < 3; i += 1)
      await heavy.api.generation.create(validRequest(server.model, { count: 4, seed: 1000 }))
    const running = await worker.claimOne()
    const { images } = await light.api.generation.create(validRequest(server.model, { seed: 1 }))
    expect(images[0]?.queuePosition).toBeLessThanOrEqual(1)
    const next = await worker.claim(2, 1_000)
    expect(next.map(({ jobId }) => jobId)).toContain(images[0]?.id)
    await Promise.all([running, ...next].map((job) => worker.finish(job)))
    for (const { id } of (await heavy.api.generation.list({})).items) await heavy.api.generation.cancel({ id })
  })

  it('speaks plain HTTP with a bearer token, and says 401 without', async () => {
    const post = (headers: Record<string, string>) =>
      handleTrpc(
        async () => server.container,
        new Request(`${APP_URL}/api/trpc/worker.heartbeat`, {
          method: 'POST',
          body: JSON.stringify({ json: { workerId: worker.id, jobs: [] } }),
          headers: { 'content-type': 'application/json', ...headers },
        }),
      )
    expect((await post({})).status).toBe(401)
    const good = await post({ authorization: `Bearer ${server.env.WORKER_TOKEN}` })
    expect(good.status).toBe(200)
    expect((await good.json()).result.data.json).toEqual({ canceled: [], lost: [] })
  })
})
