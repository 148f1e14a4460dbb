import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Job } from '#contracts/worker-protocol.ts'
import { FAILURES_MAX, HEARTBEAT_EVERY_MS, LEASE_MS, SWEEP_EVERY_MS } from '#server/workers/lease.ts'
import { ref, scriptedWorker } from '#test/harness/scripted-worker.ts'
import { startTestServer, type TestServer, validRequest } from '#test/harness/server.ts'

describe('a worker that falls silent', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer()
  })
  afterAll(() => server.close())

  const rowOf = ({ jobId }: Job) =>
    server.container.deps.db.image.findUniqueOrThrow({
      where: { id: jobId },
      select: { leaseUntil: true, startedAt: true },
    })

  it('loses its image to another when its lease is over, not before, and the picture is the same bytes, charged once', async () => {
    const person = await server.signUp()
    const dead = await scriptedWorker(server)
    const next = await scriptedWorker(server)
    await dead.hello()
    await next.hello()

    // What the picture is when nothing goes wrong.
    await person.api.generation.create(validRequest(server.model, { seed: 99, steps: 30 }))
    const undisturbed = await next.finish(await next.claimOne())

    const { id } = await person.api.generation.create(validRequest(server.model, { seed: 99, steps: 30 }))
    const job = await dead.claimOne()
    await dead.run(job, 7)
    const { leaseUntil } = await rowOf(job)
    const taken = await (async () => {
      for (;;) {
        const [again] = await next.claim(1, 5_000)
        if (again !== undefined) return again
      }
    })()
    expect(taken).toMatchObject({ jobId: job.jobId, attempt: job.attempt + 1, recipe: job.recipe })
    // By the database's own clock; how long after, docs/failures.md says, measured.
    expect(Number((await rowOf(job)).startedAt)).toBeGreaterThanOrEqual(Number(leaseUntil))

    await next.run(taken)
    expect((await next.finish(taken)).sha256).toBe(undisturbed.sha256)
    expect(await dead.run(job, 1)).toEqual({ stopped: true })
    const { images } = await person.api.generation.get({ id })
    expect(images[0]).toMatchObject({ status: 'done', step: 30 })
    expect((await person.api.session.me())?.allowance.used).toBe(2)
  })

  it('keeps its image as long as it only beats, however long a step takes', async () => {
    const person = await server.signUp()
    const slow = await scriptedWorker(server)
    await slow.hello()
    await person.api.generation.create(validRequest(server.model))
    const job = await slow.claimOne()
    const until = Date.now() + LEASE_MS + 2 * SWEEP_EVERY_MS
    while (Date.now() < until) {
      expect(await slow.api.heartbeat({ workerId: slow.id, jobs: [ref(job)] })).toEqual({ canceled: [], lost: [] })
      await sleep(HEARTBEAT_EVERY_MS)
    }
    await slow.finish(job)
  })

  it('takes an image down with it only so often: then the image is failed, not tried forever', async () => {
    const person = await server.signUp()
    const worker = await scriptedWorker(server)
    await worker.hello()
    const { id } = await person.api.generation.create(validRequest(server.model))
    const { db } = server.container.deps
    for (let attempt = 1; attempt <= FAILURES_MAX; attempt += 1) {
      const [job] = await worker.claim(1, 30_000)
      if (job === undefined) throw new Error('No job within 30 s')
      expect(job.attempt).toBe(attempt)
      // It had begun, and said so.
      await worker.run(job, 1)
      await db.image.updateMany({ where: { id: job.jobId }, data: { leaseUntil: new Date(Date.now() - 1) } })
    }
    await expect.poll(async () => (await person.api.generation.get({ id })).images[0]?.status).toBe('failed')
    expect((await person.api.session.me())?.allowance.used).toBe(0)
  })
})
