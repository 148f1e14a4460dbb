// What docs/privacy.md promises to be gone is gone from the bucket, whatever way it got there. Each test lists the bucket afterwards.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { purgeDeletedGenerations } from '#server/generations/purge-deleted-generations.ts'
import { purgeExpired } from '#server/retention/purge-expired.ts'
import { sweepBucket, UNCLAIMED_KEEP_MS } from '#server/retention/sweep-bucket.ts'
import { purgeStaleUploads } from '#server/uploads/purge-stale-uploads.ts'
import { purgeGuests } from '#server/users/purge-guests.ts'
import { expectError } from '#test/harness/expect-error.ts'
import { plainPng, ref, type ScriptedWorker, scriptedWorker } from '#test/harness/scripted-worker.ts'
import { type Person, startTestServer, type TestServer, validRequest } from '#test/harness/server.ts'

const DAY_MS = 24 * 60 * 60 * 1000

describe('the bucket', () => {
  let server: TestServer
  let worker: ScriptedWorker
  beforeAll(async () => {
    server = await startTestServer()
    worker = await scriptedWorker(server)
    await worker.hello()
  })
  afterAll(() => server.close())

  const deps = () => server.container.deps
  const idOf = async (person: Person) => (await person.api.session.me())?.id ?? ''
  const in_ = (days: number) => ({ now: new Date(Date.now() + days * DAY_MS + 60_000) })
  const listed = async (...prefixes: string[]) => {
    const keys: string[] = []
    for (const prefix of prefixes) for await (const { key } of deps().storage.list(prefix)) keys.push(key)
    return keys
  }
  const put = async (ticket: { url: string; headers: Record<string, string> }, bytes: Uint8Array<ArrayBuffer>) => {
    const headers = new Headers(ticket.headers)
    headers.delete('content-length')
    const answer = await fetch(ticket.url, { method: 'PUT', body: bytes, headers })
    expect(answer.status).toBe(200)
  }
  const bring = async (person: Person) => {
    const png = await plainPng(300, 200, 5)
    const ticket = await person.api.upload.create({ contentType: 'image/png', sizeBytes: png.length })
    await put(ticket, png)
    await person.api.upload.finish({ uploadId: ticket.uploadId })
    return { ...ticket, png }
  }
  const make = async (person: Person, changes: object = {}) => {
    const generation = await person.api.generation.create(validRequest(server.model, changes))
    await worker.finish(await worker.claimOne())
    return generation
  }

  it('loses what is PUT again with a ticket that was used', async () => {
    const person = await server.signUp()
    const ticket = await bring(person)
    expect(await listed('quarantine/')).toEqual([])
    await put(ticket, ticket.png)
    expect(await listed('quarantine/')).toHaveLength(1)
    expect(await sweepBucket(deps(), { now: new Date(Date.now() + UNCLAIMED_KEEP_MS - 60_000) })).toBe(0)
    expect(await sweepBucket(deps(), in_(1))).toBe(1)
    expect(await listed('quarantine/')).toEqual([])
  })

  it('keeps a picture somebody brought for a month, and what a generation was made from as long as the generation', async () => {
    const person = await server.signUp()
    const { uploadId } = await bring(person)
    const { id } = await make(person, { input: { uploadId, strength: 0.6 } })
    const mine = `inputs/${await idOf(person)}/`
    expect(await listed(mine)).toHaveLength(2)
    await purgeStaleUploads(deps(), in_(29))
    await sweepBucket(deps(), in_(29))
    expect(await listed(mine)).toHaveLength(2)
    await purgeStaleUploads(deps(), in_(30))
    await sweepBucket(deps(), in_(30))
    expect(await listed(mine)).toEqual([expect.stringContaining(`${uploadId}/`)])
    await expectError(person.api.upload.finish({ uploadId }), 'not-found')
    await person.api.generation.delete({ id })
    await purgeDeletedGenerations(deps(), in_(1))
    await sweepBucket(deps(), in_(1))
    expect(await listed(mine)).toEqual([])
  })

  it('loses attempts that lost, and keeps those that won or are running', async () => {
    const person = await server.signUp()
    await person.api.generation.create(validRequest(server.model, { count: 2 }))
    const lost = await worker.claimOne()
    await worker.upload(lost, await plainPng(256, 256, 3))
    await worker.api.release(ref(lost))
    await worker.finish(await worker.claimOne())
    const running = await worker.claimOne()
    await worker.upload(running, await plainPng(256, 256, 4))
    const mine = `u/${await idOf(person)}/`
    expect(await listed(mine)).toHaveLength(3)
    await sweepBucket(deps(), in_(1))
    const left = await listed(mine)
    expect(left).toHaveLength(2)
    expect(left).toContain(`${mine}${running.jobId}/${running.attempt}.png`)
    await worker.finish(running)
  })

  it('loses everything of an account that is deleted at once, what it had as a guest included, and nothing of others', async () => {
    const guest = await server.guest()
    const guestId = await idOf(guest)
    await make(guest)
    await bring(guest)
    const account = await server.signUp({ as: guest })
    await make(account)
    const other = await server.signUp()
    await make(other)
    const names = [`u/${guestId}/`, `inputs/${guestId}/`, `u/${await idOf(account)}/`]
    expect(await listed(...names)).toHaveLength(3)
    const refused = await server.auth('/delete-user', { password: 'not the password' }, account.headers)
    expect(refused.status).toBe(400)
    expect(await listed(...names)).toHaveLength(3)
    const gone = await server.auth('/delete-user', { password: account.password }, account.headers)
    expect(gone.status).toBe(200)
    expect(await listed(...names)).toEqual([])
    const { db } = deps()
    expect(await db.user.count({ where: { id: { in: [guestId] } } })).toBe(0)
    expect(await server.as(account.headers).session.me()).toBeNull()
    expect(await listed(`u/${await idOf(other)}/`)).toHaveLength(1)
  })

  it('loses guests nobody can come back as, and never one who still has a session or became an account', async () => {
    const left = await server.guest()
    const leftId = await idOf(left)
    await make(left)
    await bring(left)
    const here = await server.guest()
    await make(here)
    const moved = await server.guest()
    await make(moved)
    const account = await server.signUp({ as: moved })
    const { db } = deps()
    await purgeGuests(deps(), in_(2))
    expect(await listed(`u/${leftId}/`)).toHaveLength(1)
    await db.session.updateMany({ where: { userId: leftId }, data: { expiresAt: new Date() } })
    expect(await purgeGuests(deps(), in_(2))).toBe(1)
    expect(await listed(`u/${leftId}/`, `inputs/${leftId}/`)).toEqual([])
    expect(await db.user.count({ where: { id: leftId } })).toBe(0)
    expect((await here.api.generation.list({})).items).toHaveLength(1)
    expect((await account.api.generation.list({})).items).toHaveLength(1)
  })

  it('stands for rows with addresses, too: ended sessions and old counters go', async () => {
    const person = await server.signUp()
    const { db } = deps()
    await db.rateLimit.create({ data: { key: '192.0.2.1|/sign-in/email', count: 3, lastRequest: BigInt(Date.now()) } })
    await purgeExpired(deps(), { now: new Date() })
    expect(await person.api.session.me()).not.toBeNull()
    expect(await db.rateLimit.count()).toBe(1)
    await purgeExpired(deps(), in_(31))
    expect(await db.session.count()).toBe(0)
    expect(await db.rateLimit.count()).toBe(0)
  })
})
