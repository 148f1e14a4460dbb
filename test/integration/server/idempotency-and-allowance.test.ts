import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createContext } from '#server/trpc/context.ts'
import { createCaller } from '#server/trpc/router.ts'
import { expectError } from '#test/harness/expect-error.ts'
import { type ScriptedWorker, scriptedWorker } from '#test/harness/scripted-worker.ts'
import { startTestServer, type TestServer, validRequest } from '#test/harness/server.ts'

describe('asking twice and asking too much', () => {
  let server: TestServer
  let worker: ScriptedWorker
  beforeAll(async () => {
    server = await startTestServer({ GUEST_DAILY_IMAGES: '3' })
    worker = await scriptedWorker(server)
    await worker.hello()
  })
  afterAll(() => server.close())

  const jobCount = async () => {
    const [row] = await server.container.deps.db.$queryRaw<{ n: number }[]>`
      SELECT count(*)::int AS n FROM pgboss.job WHERE state < 'active'`
    return row?.n
  }

  it('makes one generation and one job of a double submit, sent one after the other or at once, on two web processes', async () => {
    const person = await server.signUp()
    const second = await server.secondContainer()
    try {
      const request = validRequest(server.model, { seed: null })
      const elsewhere = createCaller(createContext(second, person.headers))
      const before = await jobCount()
      const all = await Promise.all(
        Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? person.api : elsewhere).generation.create(request)),
      )
      expect(new Set(all.map(({ id }) => id)).size).toBe(1)
      expect(new Set(all.map(({ recipe }) => recipe.seed)).size).toBe(1)
      expect((await person.api.generation.create(request)).id).toBe(all[0]?.id)
      expect(await jobCount()).toBe((before ?? 0) + 1)
      expect((await person.api.session.me())?.allowance.used).toBe(1)
      await person.api.generation.cancel({ id: all[0]?.id ?? '' })
    } finally {
      await second.close()
    }
  })

  it('refuses a used key with another request', async () => {
    const person = await server.signUp()
    const request = validRequest(server.model)
    const { id } = await person.api.generation.create(request)
    await expectError(person.api.generation.create({ ...request, prompt: 'a cat' }), 'idempotency.mismatch')
    await person.api.generation.cancel({ id })
  })

  it('lets two people use the same key', async () => {
    const idempotencyKey = randomUUID()
    const [a, b] = await Promise.all([server.signUp(), server.signUp()])
    const made = await Promise.all(
      [a, b].map(({ api }) => api.generation.create(validRequest(server.model, { idempotencyKey }))),
    )
    expect(new Set(made.map(({ id }) => id)).size).toBe(2)
    await Promise.all([a, b].map(({ api }, i) => api.generation.cancel({ id: made[i]?.id ?? '' })))
  })

  it('holds what is on its way against the allowance, so that parallel requests cannot outrun it', async () => {
    const guest = await server.guest()
    const results = await Promise.allSettled(
      Array.from({ length: 6 }, () => guest.api.generation.create(validRequest(server.model))),
    )
    expect(results.filter(({ status }) => status === 'fulfilled').length).toBe(3)
    await expectError(guest.api.generation.create(validRequest(server.model)), 'quota.exhausted', /0 of 3 left until/)
    for (const { id } of (await guest.api.generation.list({})).items) await guest.api.generation.cancel({ id })
  })

  it('gives the allowance back for what was canceled, and keeps it for what was made, also when that is deleted', async () => {
    const guest = await server.guest()
    const kept = await guest.api.generation.create(validRequest(server.model))
    const canceled = await guest.api.generation.create(validRequest(server.model, { count: 2 }))
    expect((await guest.api.session.me())?.allowance.used).toBe(3)
    await guest.api.generation.cancel({ id: canceled.id })
    expect((await guest.api.session.me())?.allowance.used).toBe(1)
    await worker.finish(await worker.claimOne())
    await guest.api.generation.delete({ id: kept.id })
    expect((await guest.api.session.me())?.allowance.used).toBe(1)
  })

  it('stops one person at the number that may wait, whatever their allowance', async () => {
    const person = await server.signUp()
    for (let i = 0; i < 8; i += 1) await person.api.generation.create(validRequest(server.model, { count: 4 }))
    await expectError(person.api.generation.create(validRequest(server.model)), 'queue.full', /32 are waiting/)
    for (const { id } of (await person.api.generation.list({})).items) await person.api.generation.cancel({ id })
  })
})
