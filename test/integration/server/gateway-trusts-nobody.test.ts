// What a holder of the workers' token cannot do: speak of a job it never claimed, say what is not so, or have a picture that is none
// taken for one. And what workers that die or fall silent cannot do to pictures they had not begun.
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Job } from '#contracts/worker-protocol.ts'
import { HEARTBEAT_EVERY_MS } from '#server/workers/lease.ts'
import { recoverLostJobs } from '#server/workers/recover-lost-jobs.ts'
import { expectError } from '#test/harness/expect-error.ts'
import { plainPng, ref, type ScriptedWorker, scriptedWorker, withRecipe } from '#test/harness/scripted-worker.ts'
import { type Person, startTestServer, type TestServer, validRequest } from '#test/harness/server.ts'

let server: TestServer
let person: Person
let worker: ScriptedWorker
let stranger: ScriptedWorker
beforeAll(async () => {
  server = await startTestServer()
  person = await server.signUp()
  worker = await scriptedWorker(server)
  stranger = await scriptedWorker(server)
  await worker.hello()
  await stranger.hello()
})
afterAll(() => server.close())

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const claim = async (): Promise<Job> => {
  await person.api.generation.create(validRequest(server.model))
  return worker.claimOne()
}
const rowOf = (id: string) => server.container.deps.db.image.findUniqueOrThrow({ where: { id } })
const facts = { width: 256, height: 256, thumbhash: 'AAAA', durationMs: 5 }

describe('a worker that never claimed the job', () => {
  it('can say nothing of it, though it knows its number and holds the token', async () => {
    const job = await claim()
    const theirs = { ...ref(job), workerId: stranger.id }
    const png = withRecipe(await plainPng(256, 256, 1), job)
    await worker.upload(job, png)
    const done = { ...facts, sha256: sha256(png), sizeBytes: png.length }
    expect(await stranger.api.progress({ ...theirs, step: 1, steps: 3, sigma: 1, preview: null })).toEqual({
      stop: true,
    })
    await expectError(stranger.api.presign({ ...theirs, sizeBytes: 10, sha256: done.sha256 }), 'attempt.stale')
    await expectError(stranger.api.complete({ ...theirs, ...done }), 'attempt.stale')
    await expectError(stranger.api.fail({ ...theirs, reason: 'x', retryable: false }), 'attempt.stale')
    await expectError(stranger.api.release(theirs), 'attempt.stale')
    const before = await rowOf(job.jobId)
    const beat = await stranger.api.heartbeat({ workerId: stranger.id, jobs: [ref(job)] })
    expect(beat.lost).toEqual([job.jobId])
    const after = await rowOf(job.jobId)
    expect([after.status, after.step, after.leaseUntil]).toEqual(['running', 0, before.leaseUntil])
    await worker.api.complete({ ...ref(job), ...done })
    expect((await rowOf(job.jobId)).status).toBe('done')
  })
})

describe('what a worker says', () => {
  it('is bounded in every field', async () => {
    const job = await claim()
    const report = { ...ref(job), step: 1, steps: 3, sigma: 1, preview: null }
    const rgb = (bytes: number) => Buffer.alloc(bytes).toString('base64')
    for (const wrong of [
      { steps: 1_000_000 },
      { step: 1_000_000 },
      { sigma: Number.POSITIVE_INFINITY },
      { sigma: -1 },
      { preview: { width: 2_000, height: 2_000, rgb: rgb(12) } },
      { preview: { width: 2, height: 2, rgb: rgb(5_000_000) } },
      { preview: { width: 2, height: 2, rgb: rgb(9) } },
    ]) {
      await expectError(worker.api.progress({ ...report, ...wrong }), 'input.invalid')
    }
    await worker.api.progress({ ...report, preview: { width: 2, height: 2, rgb: rgb(12) } })
    const all = { ...ref(job), ...facts, sha256: 'a'.repeat(64), sizeBytes: 100 }
    for (const wrong of [
      { thumbhash: 'A'.repeat(2_000_000) },
      { thumbhash: '<script>' },
      { durationMs: 1e12 },
      { width: 1e6 },
      { sizeBytes: 5e15 },
    ]) {
      await expectError(worker.api.complete({ ...all, ...wrong }), 'input.invalid')
    }
    for (const sizeBytes of [5e15, 256 * 256 * 4 + 200_000]) {
      await expectError(worker.api.presign({ ...ref(job), sizeBytes, sha256: all.sha256 }), 'input.invalid')
    }
    const hello = { workerId: worker.id, provider: 'cpu' as const }
    const model = { id: server.model.id, hash: server.model.hash }
    await expectError(worker.api.hello({ ...hello, models: Array(201).fill(model) }), 'input.invalid')
    await expectError(worker.api.hello({ ...hello, models: [{ ...model, id: 'x'.repeat(1_000) }] }), 'input.invalid')
    await worker.finish(job)
  })

  it('is held against the stored bytes: their hash, that they are a PNG of this size, and the recipe inside', async () => {
    const job = await claim()
    const other = { ...job, recipe: { ...job.recipe, prompt: 'something else' } }
    const good = withRecipe(await plainPng(256, 256, 1), job)
    const page = new Uint8Array(Buffer.from('<!doctype html><script>alert(1)</script>'))
    const ask = async (png: Uint8Array<ArrayBuffer>, changes: object = {}) => {
      expect((await worker.upload(job, png)).status).toBe(200)
      return worker.api.complete({ ...ref(job), ...facts, sha256: sha256(png), sizeBytes: png.length, ...changes })
    }
    await expectError(ask(page), 'input.invalid', /no PNG/)
    await expectError(ask(good, { sha256: 'a'.repeat(64) }), 'input.invalid', /sha256: a+ said/)
    await expectError(ask(good, { width: 512 }), 'input.invalid', /512x256; the recipe makes 256x256/)
    await expectError(ask(withRecipe(await plainPng(64, 64, 1), job)), 'input.invalid', /64x64/)
    await expectError(ask(await plainPng(256, 256, 1)), 'input.invalid', /does not carry the recipe/)
    await expectError(ask(withRecipe(await plainPng(256, 256, 1), other)), 'input.invalid', /does not carry the recipe/)
    expect((await rowOf(job.jobId)).status).toBe('running')
    await ask(good)
    expect((await rowOf(job.jobId)).status).toBe('done')
  })
})

describe('a worker that dies', () => {
  const runOut = (ids: readonly string[]) =>
    server.container.deps.db.image.updateMany({ where: { id: { in: [...ids] } }, data: { leaseUntil: new Date(0) } })

  it('costs the picture it had begun a failure, and those it only held none', async () => {
    const made = await person.api.generation.create(validRequest(server.model, { count: 4 }))
    const ids = made.images.map(({ id }) => id)
    let begun = ''
    for (let death = 0; death < 3; death += 1) {
      const jobs: Job[] = []
      while (jobs.length < 4) jobs.push(...(await worker.claim(4 - jobs.length)))
      const job = jobs.find(({ jobId }) => begun === '' || jobId === begun)
      if (job === undefined) throw new Error('The picture is not among them')
      begun = job.jobId
      await worker.run(job, 1)
      await runOut(ids)
      await recoverLostJobs(server.container.gateway)
    }
    const images = await server.container.deps.db.image.findMany({ where: { id: { in: ids } } })
    expect(images.map(({ id, status, failures }) => ({ isBegun: id === begun, status, failures }))).toEqual(
      expect.arrayContaining([
        { isBegun: true, status: 'failed', failures: 3 },
        { isBegun: false, status: 'queued', failures: 0 },
      ]),
    )
    expect(images.filter(({ status }) => status === 'queued')).toHaveLength(3)
    await person.api.generation.delete({ id: made.id })
  })

  it('in the middle of a long poll is given nothing any more', async () => {
    const quiet = await scriptedWorker(server)
    await quiet.hello()
    const waiting = quiet.claim(1, 20_000)
    // Its last sign of life was long ago.
    await new Promise((tick) => setTimeout(tick, HEARTBEAT_EVERY_MS))
    const { db } = server.container.deps
    await db.worker.update({ where: { id: quiet.id }, data: { lastSeenAt: new Date(Date.now() - 60_000) } })
    const made = await person.api.generation.create(validRequest(server.model))
    const job = await worker.claimOne()
    expect(made.images[0]?.id).toBe(job.jobId)
    await worker.api.release(ref(job))
    await new Promise((tick) => setTimeout(tick, 1_500))
    expect((await rowOf(job.jobId)).status).toBe('queued')
    await worker.finish(await worker.claimOne())
    expect(await waiting).toEqual([])
  })
})
