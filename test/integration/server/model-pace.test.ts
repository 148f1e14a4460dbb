// The figures behind the Studio's estimate of the server.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { scriptedWorker } from '#test/harness/scripted-worker.ts'
import { type Person, startTestServer, type TestServer, validRequest } from '#test/harness/server.ts'

describe('a model’s pace', () => {
  let server: TestServer
  let person: Person
  beforeAll(async () => {
    server = await startTestServer()
    person = await server.signUp()
  })
  afterAll(() => server.close())

  const pace = async () => {
    // The list is read once a second for everybody.
    await new Promise((tick) => setTimeout(tick, 1_001))
    return (await person.api.model.list())[0]?.pace
  }

  it('is unknown until the workers have made something, then their median a step and who waits', async () => {
    expect(await pace()).toBeNull()
    const worker = await scriptedWorker(server)
    await worker.hello()
    for (const [durationMs, steps] of [
      [1_000, 10],
      [9_000, 10],
      [2_000, 10],
    ] as const) {
      const made = await person.api.generation.create(validRequest(server.model, { steps }))
      await worker.finish(await worker.claimOne())
      const { db } = server.container.deps
      await db.image.updateMany({ where: { generationId: made.id }, data: { durationMs } })
    }
    expect(await pace()).toEqual({ secondsPerStep: 0.2, waiting: 0 })
    await person.api.generation.create(validRequest(server.model, { count: 3 }))
    expect(await pace()).toEqual({ secondsPerStep: 0.2, waiting: 3 })
  })

  it('does not count yesterday, nor what devices made', async () => {
    const { db } = server.container.deps
    await db.image.updateMany({
      where: { status: 'done' },
      data: { finishedAt: new Date(Date.now() - 25 * 3_600_000) },
    })
    expect(await pace()).toBeNull()
  })
})
