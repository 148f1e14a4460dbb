import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serveImage } from '#server/http/serve-image.ts'
import { type ScriptedWorker, scriptedWorker } from '#test/harness/scripted-worker.ts'
import { APP_URL, startTestServer, type TestServer, validRequest } from '#test/harness/server.ts'

describe('the main job, end to end on the server', () => {
  let server: TestServer
  let worker: ScriptedWorker
  beforeAll(async () => {
    server = await startTestServer()
    worker = await scriptedWorker(server)
    await worker.hello()
  })
  afterAll(() => server.close())

  it('takes a guest from a sentence to a picture in their history and a link', async () => {
    const guest = await server.guest()
    const before = await guest.api.session.me()
    expect(before).toMatchObject({ isGuest: true, email: null, allowance: { used: 0, limit: 20 } })

    const created = await guest.api.generation.create(validRequest(server.model, { count: 2, seed: 41 }))
    expect(created.images.map(({ seed, status, queuePosition }) => ({ seed, status, queuePosition }))).toEqual([
      { seed: 41, status: 'queued', queuePosition: 0 },
      { seed: 42, status: 'queued', queuePosition: 1 },
    ])

    for (let round = 0; round < 2; round += 1) {
      const job = await worker.claimOne()
      expect(job.recipe.count).toBe(1)
      await worker.run(job)
      await worker.finish(job)
    }

    const { items, nextCursor } = await guest.api.generation.list({})
    expect(nextCursor).toBeNull()
    expect(items[0]?.images.map(({ status }) => status)).toEqual(['done', 'done'])
    expect((await guest.api.session.me())?.allowance.used).toBe(2)

    const image = items[0]?.images[0]
    if (image === undefined) throw new Error('no image')
    const response = await serveImage(
      async () => server.container,
      new Request(`${APP_URL}${image.url}?download`, { headers: guest.headers }),
      image.id,
    )
    expect(response.status).toBe(200)
    expect(response.headers.get('content-disposition')).toMatch(/attachment; filename="dewpoint-41-.*\.png"/)
    expect(
      Buffer.from(await response.arrayBuffer())
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG')

    const share = await guest.api.share.create({ imageId: image.id })
    expect(share.url).toBe(`${APP_URL}/i/${share.slug}`)
  })
})
