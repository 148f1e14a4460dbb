import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sha256Hex } from '#recipes/hash.ts'
import { serveUpload } from '#server/http/serve-upload.ts'
import { getSharedImage, getSharedImageFile } from '#server/shares/get-shared-image.ts'
import { expectError } from '#test/harness/expect-error.ts'
import { plainPng, type ScriptedWorker, scriptedWorker } from '#test/harness/scripted-worker.ts'
import { APP_URL, type Person, startTestServer, type TestServer, validRequest } from '#test/harness/server.ts'

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text))

describe('a picture of one’s own', () => {
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

  const upload = async (bytes: Uint8Array<ArrayBuffer>, contentType: 'image/png' | 'image/jpeg' = 'image/png') => {
    const ticket = await person.api.upload.create({ contentType, sizeBytes: bytes.length })
    const headers = new Headers(ticket.headers)
    headers.delete('content-length')
    const put = await fetch(ticket.url, { method: 'PUT', body: bytes, headers })
    expect(put.status).toBe(200)
    return ticket.uploadId
  }

  it('goes through quarantine, is re-encoded, and becomes the input of a generation', async () => {
    const uploadId = await upload(await plainPng(300, 200, 5))
    const ready = await person.api.upload.finish({ uploadId })
    expect(ready).toMatchObject({ uploadId, width: 300, height: 200, url: `/api/uploads/${uploadId}` })
    expect(await person.api.upload.finish({ uploadId })).toEqual(ready)
    const { sourceKey } = await server.container.deps.db.upload.findUniqueOrThrow({ where: { id: uploadId } })
    expect(await server.container.deps.storage.head(sourceKey)).toBeNull()

    const file = await serveUpload(
      async () => server.container,
      new Request(`${APP_URL}${ready.url}`, { headers: person.headers }),
      uploadId,
    )
    expect(file.status).toBe(200)

    const { recipe } = await person.api.generation.create(
      validRequest(server.model, { input: { uploadId, strength: 0.6 } }),
    )
    expect(recipe.input).toMatchObject({ strength: 0.6 })
    const job = await worker.claimOne()
    const input = await fetch(job.inputUrl ?? '')
    expect(await sha256Hex(new Uint8Array(await input.arrayBuffer()))).toBe(recipe.input?.hash)
    expect(job.recipe).toEqual(recipe)
    await worker.finish(job)
  })

  it('is typed by content, not by name: text called PNG is refused with words for people', async () => {
    const uploadId = await upload(bytesOf('<svg xmlns="http://www.w3.org/2000/svg"/>'))
    await expectError(person.api.upload.finish({ uploadId }), 'upload.unreadable')
    const uploaded = validRequest(server.model, { input: { uploadId, strength: 0.5 } })
    await expectError(person.api.generation.create(uploaded), 'not-found')
  })

  it('is nobody else’s', async () => {
    const uploadId = await upload(await plainPng(64, 64, 5))
    await person.api.upload.finish({ uploadId })
    const stranger = await server.signUp()
    await expectError(stranger.api.upload.finish({ uploadId }), 'not-found')
    const request = validRequest(server.model, { input: { uploadId, strength: 0.5 } })
    await expectError(stranger.api.generation.create(request), 'not-found')
    const file = await serveUpload(
      async () => server.container,
      new Request(`${APP_URL}/api/uploads/${uploadId}`, { headers: stranger.headers }),
      uploadId,
    )
    expect(file.status).toBe(404)
  })

  it('is refused before it is sent when it is too large or of another kind', async () => {
    await expectError(
      person.api.upload.create({ contentType: 'image/png', sizeBytes: 21 * 1024 * 1024 }),
      'input.invalid',
    )
    await expectError(
      person.api.upload.create({ contentType: 'image/gif' as 'image/png', sizeBytes: 5 }),
      'input.invalid',
    )
  })

  it('stops at a day’s number of uploads', async () => {
    const guest = await server.guest()
    for (let i = 0; i < 20; i += 1) await guest.api.upload.create({ contentType: 'image/png', sizeBytes: 5 })
    await expectError(
      guest.api.upload.create({ contentType: 'image/png', sizeBytes: 5 }),
      'quota.exhausted',
      /at most 20/,
    )
  })
})

describe('a link', () => {
  let server: TestServer
  let person: Person
  let imageId: string
  let generationId: string
  beforeAll(async () => {
    server = await startTestServer()
    person = await server.signUp()
    const worker = await scriptedWorker(server)
    await worker.hello()
    const made = await person.api.generation.create(validRequest(server.model, { seed: 41, count: 1 }))
    generationId = made.id
    imageId = made.images[0]?.id ?? ''
    await expectError(person.api.share.create({ imageId }), 'input.invalid', /queued, not done/)
    await worker.finish(await worker.claimOne())
  })
  afterAll(() => server.close())

  const deps = () => server.container.deps

  it('cannot be guessed, is the same however often and at once it is asked for, and shows nothing of its owner', async () => {
    const links = await Promise.all(Array.from({ length: 5 }, () => person.api.share.create({ imageId })))
    expect(new Set(links.map(({ slug }) => slug)).size).toBe(1)
    const slug = links[0]?.slug ?? ''
    expect(Buffer.from(slug, 'base64url').length * 8).toBeGreaterThanOrEqual(128)
    const shared = await getSharedImage(deps(), { slug })
    expect(shared).toMatchObject({ prompt: 'a panda eating tacos at the beach', seed: 41, sampler: 'DDIM', width: 256 })
    const me = await person.api.session.me()
    expect(JSON.stringify(shared)).not.toContain(me?.id)
    expect((await getSharedImageFile(deps(), { slug }))?.contentType).toBe('image/png')
  })

  it('is gone after revoke, and a new one is another', async () => {
    const { slug } = await person.api.share.create({ imageId })
    await person.api.share.revoke({ imageId })
    await person.api.share.revoke({ imageId })
    expect(await getSharedImage(deps(), { slug })).toBeNull()
    expect(await getSharedImageFile(deps(), { slug })).toBeNull()
    const next = await person.api.share.create({ imageId })
    expect(next.slug).not.toBe(slug)
    expect((await person.api.generation.get({ id: generationId })).images[0]?.share).toEqual(next)
  })

  it('is hidden while its generation is deleted, and back after undo', async () => {
    const { slug } = await person.api.share.create({ imageId })
    await person.api.generation.delete({ id: generationId })
    expect(await getSharedImage(deps(), { slug })).toBeNull()
    await expectError(person.api.generation.get({ id: generationId }), 'not-found')
    expect((await person.api.generation.restore({ id: generationId })).images[0]?.share?.slug).toBe(slug)
    expect(await getSharedImage(deps(), { slug })).not.toBeNull()
  })

  it('of nothing is nothing, whatever is asked', async () => {
    for (const slug of ['', 'x', 'a'.repeat(24), "' OR 1=1 --", '../../../../../etc/passwd']) {
      expect(await getSharedImage(deps(), { slug })).toBeNull()
    }
  })
})
