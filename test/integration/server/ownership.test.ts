import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { GenerationDto } from '#contracts/generation.ts'
import { serveImage } from '#server/http/serve-image.ts'
import { serveUpload } from '#server/http/serve-upload.ts'
import { expectError } from '#test/harness/expect-error.ts'
import { scriptedWorker } from '#test/harness/scripted-worker.ts'
import { APP_URL, type Person, startTestServer, type TestServer, validRequest } from '#test/harness/server.ts'

describe('what is another person’s', () => {
  let server: TestServer
  let owner: Person
  let stranger: Person
  let generation: GenerationDto
  beforeAll(async () => {
    server = await startTestServer()
    owner = await server.signUp()
    stranger = await server.signUp()
    generation = await owner.api.generation.create(validRequest(server.model))
    const worker = await scriptedWorker(server)
    await worker.hello()
    await worker.finish(await worker.claimOne())
  })
  afterAll(() => server.close())

  const imageId = () => generation.images[0]?.id ?? ''

  it('cannot be told from what is not there, in any procedure', async () => {
    for (const id of [generation.id, randomUUID()]) {
      await expectError(stranger.api.generation.get({ id }), 'not-found')
      await expectError(stranger.api.generation.cancel({ id }), 'not-found')
      await expectError(stranger.api.generation.delete({ id }), 'not-found')
      await expectError(stranger.api.generation.restore({ id }), 'not-found')
    }
    for (const id of [imageId(), randomUUID()]) {
      await expectError(stranger.api.share.create({ imageId: id }), 'not-found')
      await expectError(stranger.api.share.revoke({ imageId: id }), 'not-found')
    }
    expect((await stranger.api.generation.list({})).items).toEqual([])
  })

  it('is not served as a file either, and a file’s owner gets it with caching for their browser alone', async () => {
    const get = (person: Person, id: string) =>
      serveImage(
        async () => server.container,
        new Request(`${APP_URL}/api/images/${id}`, { headers: person.headers }),
        id,
      )
    expect((await get(stranger, imageId())).status).toBe(404)
    expect((await get(stranger, '../../etc/passwd')).status).toBe(404)
    const own = await get(owner, imageId())
    expect(own.status).toBe(200)
    expect(own.headers.get('cache-control')).toMatch(/^private/)
    await own.arrayBuffer()
    const again = await serveImage(
      async () => server.container,
      new Request(`${APP_URL}/api/images/${imageId()}`, {
        headers: { cookie: owner.headers.get('cookie') ?? '', 'if-none-match': own.headers.get('etag') ?? '' },
      }),
      imageId(),
    )
    expect(again.status).toBe(304)
  })

  it('asks who you are when nobody is signed in', async () => {
    const nobody = server.as(new Headers())
    expect(await nobody.session.me()).toBeNull()
    await expectError(nobody.generation.list({}), 'auth.required')
    await expectError(nobody.generation.create(validRequest(server.model)), 'auth.required')
    const file = await serveUpload(async () => server.container, new Request(`${APP_URL}/api/uploads/x`), randomUUID())
    expect(file.status).toBe(401)
    expect((await file.json()).error.code).toBe('auth.required')
  })

  it('gives no job to a worker without the token, and no say to one with a wrong one', async () => {
    for (const token of ['', 'wrong', `${server.env.WORKER_TOKEN}x`]) {
      const impostor = await scriptedWorker(server, token)
      await expectError(impostor.hello(), 'worker.unauthorized')
      await expectError(impostor.claim(1, 0), 'worker.unauthorized')
      await expectError(
        impostor.api.fail({ jobId: imageId(), attempt: 1, workerId: impostor.id, reason: 'x', retryable: false }),
        'worker.unauthorized',
      )
    }
    await expectError(owner.api.worker.heartbeat({ workerId: randomUUID(), jobs: [] }), 'worker.unauthorized')
  })
})
