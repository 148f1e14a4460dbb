// Making a finished image again to compare it: a run like any other that shows in no list and leaves nothing behind.
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { imageRecipe } from '#recipes/image-recipe.ts'
import { PURGE_AFTER_MS, purgeDeletedGenerations } from '#server/generations/purge-deleted-generations.ts'
import { expectError } from '#test/harness/expect-error.ts'
import { type ScriptedWorker, scriptedWorker } from '#test/harness/scripted-worker.ts'
import { type Person, startTestServer, type TestServer, validRequest } from '#test/harness/server.ts'

describe('checking an image', () => {
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

  const made = async (of = person) => {
    const generation = await of.api.generation.create(validRequest(server.model, { count: 2, seed: 40 }))
    await worker.finish(await worker.claimOne())
    await worker.finish(await worker.claimOne())
    return of.api.generation.get({ id: generation.id })
  }
  const check = (imageId: string, idempotencyKey = randomUUID(), of = person) =>
    of.api.generation.check({ imageId, idempotencyKey })

  it('runs the recipe of that one image, is charged when done, and shows in no list', async () => {
    const generation = await made()
    const second = generation.images[1]
    if (second === undefined) throw new Error('Two were asked for')
    const before = (await person.api.session.me())?.allowance.used ?? 0
    const again = await check(second.id)
    expect(again.recipe).toEqual(imageRecipe(generation.recipe, 1))
    expect(again.images).toMatchObject([{ seed: 41, status: 'queued' }])
    const job = await worker.claimOne()
    expect(job.recipe).toEqual(again.recipe)
    await worker.finish(job)
    const done = await person.api.generation.get({ id: again.id })
    expect(done.images[0]).toMatchObject({ status: 'done', url: `/api/images/${done.images[0]?.id}` })
    expect((await person.api.session.me())?.allowance.used).toBe(before + 1)
    expect((await person.api.generation.list({})).items.map(({ id }) => id)).not.toContain(again.id)
  })

  it('sent twice is one; another image under the same key is refused', async () => {
    const { images } = await made()
    const key = randomUUID()
    const [first, second] = [images[0]?.id ?? '', images[1]?.id ?? '']
    expect((await check(first, key)).id).toBe((await check(first, key)).id)
    await expectError(check(second, key), 'idempotency.mismatch')
    await worker.finish(await worker.claimOne())
  })

  it('refuses what is not finished, deleted, somebody else’s, past the allowance, or of a model that is gone', async () => {
    const waiting = await person.api.generation.create(validRequest(server.model))
    await expectError(check(waiting.images[0]?.id ?? ''), 'not-found')
    await person.api.generation.cancel({ id: waiting.id })
    const { id, images } = await made()
    const imageId = images[0]?.id ?? ''
    const stranger = await server.signUp()
    await expectError(check(imageId, randomUUID(), stranger), 'not-found')
    const { db } = server.container.deps
    const { recipe } = await db.generation.findUniqueOrThrow({ where: { id }, select: { recipe: true } })
    const other = { ...(recipe as object), model: { id: server.model.id, hash: 'f'.repeat(64) } }
    await db.generation.update({ where: { id }, data: { recipe: other } })
    await expectError(check(imageId), 'model.unavailable')
    await person.api.generation.delete({ id })
    await expectError(check(imageId), 'not-found')
  })

  it('is gone a day later with its object, and the image it was made for is not', async () => {
    const { id, images } = await made()
    const again = await check(images[0]?.id ?? '')
    await worker.finish(await worker.claimOne())
    const { deps } = server.container
    const image = await deps.db.image.findFirstOrThrow({
      where: { generationId: again.id },
      select: { objectKey: true },
    })
    const key = image.objectKey ?? ''
    await purgeDeletedGenerations(deps, { now: new Date() })
    expect(await deps.storage.head(key)).not.toBeNull()
    await purgeDeletedGenerations(deps, { now: new Date(Date.now() + PURGE_AFTER_MS + 60_000) })
    expect(await deps.storage.head(key)).toBeNull()
    await expectError(person.api.generation.get({ id: again.id }), 'not-found')
    expect((await person.api.generation.get({ id })).images[0]?.status).toBe('done')
  })
})
