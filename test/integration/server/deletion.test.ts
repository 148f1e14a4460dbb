import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pruneEvents } from '#server/events/prune-events.ts'
import { PURGE_AFTER_MS, purgeDeletedGenerations } from '#server/generations/purge-deleted-generations.ts'
import { purgeStaleUploads } from '#server/uploads/purge-stale-uploads.ts'
import { forgetWorkers } from '#server/workers/forget-workers.ts'
import { expectError } from '#test/harness/expect-error.ts'
import { plainPng, ref, type ScriptedWorker, scriptedWorker } from '#test/harness/scripted-worker.ts'
import { type Person, startTestServer, type TestServer, validRequest } from '#test/harness/server.ts'

describe('deleting', () => {
  let server: TestServer
  let person: Person
  let worker: ScriptedWorker
  beforeAll(async () => {
    server = await startTestServer()
    person = await server.signUp()
    worker = await scriptedWorker(server)
    await worker.hello()
  })
  afterAll(() => server.close())

  const objects = async (prefix: string) => {
    const keys: string[] = []
    for await (const { key } of server.container.deps.storage.list(prefix)) keys.push(key)
    return keys
  }
  const later = () => new Date(Date.now() + PURGE_AFTER_MS + 60_000)

  it('stops what still runs, and undo brings back what was finished', async () => {
    const { id } = await person.api.generation.create(validRequest(server.model, { count: 2 }))
    await worker.finish(await worker.claimOne())
    const running = await worker.claimOne()
    await person.api.generation.delete({ id })
    await person.api.generation.delete({ id })
    expect(await worker.run(running, 1)).toEqual({ stopped: true })
    expect((await person.api.generation.list({})).items).toEqual([])
    const back = await person.api.generation.restore({ id })
    expect(back.images.map(({ status }) => status)).toEqual(['done', 'canceled'])
    await person.api.generation.delete({ id })
  })

  it('removes the objects of every attempt a day later, and the rows after them; the charge stays', async () => {
    const { id } = await person.api.generation.create(validRequest(server.model))
    const lost = await worker.claimOne()
    await worker.upload(lost, await plainPng(256, 256, 3))
    await worker.api.release(ref(lost))
    await worker.finish(await worker.claimOne())
    const me = await person.api.session.me()
    const prefix = `u/${me?.id}/${lost.jobId}/`
    expect((await objects(prefix)).length).toBe(2)

    await person.api.generation.delete({ id })
    await purgeDeletedGenerations(server.container.deps, { now: new Date() })
    expect((await objects(prefix)).length).toBe(2)
    await purgeDeletedGenerations(server.container.deps, { now: later() })
    expect(await objects(prefix)).toEqual([])
    await expectError(person.api.generation.restore({ id }), 'not-found')
    expect((await person.api.session.me())?.allowance.used).toBe(me?.allowance.used)
  })

  it('removes what was made while its owner was still a guest, also of an image that was never finished', async () => {
    const guest = await server.guest()
    const guestId = (await guest.api.session.me())?.id
    const { id } = await guest.api.generation.create(validRequest(server.model))
    const job = await worker.claimOne()
    await worker.upload(job, await plainPng(256, 256, 3))
    const account = await server.signUp({ as: guest })
    await worker.api.release(ref(job))
    await account.api.generation.cancel({ id })
    await account.api.generation.delete({ id })
    expect((await objects(`u/${guestId}/`)).length).toBe(1)
    await purgeDeletedGenerations(server.container.deps, { now: later() })
    expect(await objects(`u/${guestId}/`)).toEqual([])
  })

  it('clears quarantine of what nobody finished', async () => {
    const { uploadId, url, headers } = await person.api.upload.create({ contentType: 'image/png', sizeBytes: 3 })
    await fetch(url, { method: 'PUT', body: 'abc', headers: { 'content-type': headers['content-type'] ?? '' } })
    expect((await objects('quarantine/')).length).toBe(1)
    expect(await purgeStaleUploads(server.container.deps, { now: later() })).toBe(1)
    expect(await objects('quarantine/')).toEqual([])
    await expectError(person.api.upload.finish({ uploadId }), 'not-found')
  })
})

describe('upkeep', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer()
  })
  afterAll(() => server.close())

  it('forgets workers a day after their last sign of life, and steps an hour after their picture', async () => {
    const worker = await scriptedWorker(server)
    await worker.hello()
    const person = await server.signUp()
    const { id } = await person.api.generation.create(validRequest(server.model))
    const job = await worker.claimOne()
    await worker.run(job)
    await worker.finish(job)
    const { deps } = server.container
    const types = async () => {
      const events = await deps.db.generationEvent.findMany({ where: { generationId: id }, orderBy: { seq: 'asc' } })
      return events.map(({ type }) => type)
    }
    const now = Date.now()
    await pruneEvents(deps, { now: new Date(now + 50 * 60_000) })
    expect(await types()).toEqual(['queued', 'started', 'step', 'step', 'step', 'image'])
    await pruneEvents(deps, { now: new Date(now + 61 * 60_000) })
    expect(await types()).toEqual(['queued', 'started', 'image'])
    expect(await forgetWorkers(deps, { now: new Date(now + 60 * 60_000) })).toBe(0)
    expect(await forgetWorkers(deps, { now: new Date(now + 25 * 60 * 60_000) })).toBe(1)
  })
})

describe('history', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer()
  })
  afterAll(() => server.close())

  it('is newest first, page after page, without a gap or a repeat, also while new ones arrive', async () => {
    const person = await server.signUp()
    const made: string[] = []
    const create = async () => made.push((await person.api.generation.create(validRequest(server.model))).id)
    for (let i = 0; i < 10; i += 1) await create()
    const seen: string[] = []
    let cursor: string | null = null
    do {
      const page: Awaited<ReturnType<typeof person.api.generation.list>> = await person.api.generation.list({
        limit: 4,
        cursor,
      })
      seen.push(...page.items.map(({ id }) => id))
      cursor = page.nextCursor
      if (seen.length === 4) await create()
    } while (cursor !== null)
    expect(seen).toEqual(made.slice(0, 10).toReversed())
  })
})
