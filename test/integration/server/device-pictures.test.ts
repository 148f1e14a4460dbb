// Pictures made on a person's own device, on their way into the history over real HTTP to a real bucket.
import { createHash, randomUUID } from 'node:crypto'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BeginSaving } from '#contracts/device-picture.ts'
import type { Recipe } from '#contracts/recipe.ts'
import { recipeHash } from '#recipes/hash.ts'
import { imageRecipe } from '#recipes/image-recipe.ts'
import { readPngText } from '#recipes/metadata/png.ts'
import { purgeSavings } from '#server/device-pictures/purge-savings.ts'
import { queueName } from '#server/queue/queue.ts'
import { getSharedImage } from '#server/shares/get-shared-image.ts'
import { expectError } from '#test/harness/expect-error.ts'
import { plainPng } from '#test/harness/scripted-worker.ts'
import { type Person, startTestServer, type TestServer } from '#test/harness/server.ts'

type Bytes = Uint8Array<ArrayBuffer>
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const bytesOf = (text: string): Bytes => new Uint8Array(Buffer.from(text))

describe('a picture made on a device', () => {
  let server: TestServer
  let person: Person
  beforeAll(async () => {
    server = await startTestServer()
    person = await server.signUp()
  })
  afterAll(() => server.close())

  const recipe = (changes: Partial<Recipe> = {}): Recipe => ({
    version: 1,
    model: { id: server.model.id, hash: server.model.hash },
    prompt: 'a fox in the forest',
    negativePrompt: '',
    seed: 41,
    count: 1,
    width: 256,
    height: 256,
    ...server.model.defaults,
    noise: 'philox',
    ...changes,
  })
  const declare = async (pngs: readonly Bytes[], changes: Partial<Recipe> = {}): Promise<BeginSaving> => {
    const whole = recipe({ count: pngs.length, ...changes })
    return {
      idempotencyKey: randomUUID(),
      recipe: whole,
      recipeHash: await recipeHash(whole),
      madeAt: '2026-01-02T03:04:05.000Z',
      pictures: pngs.map((png, index) => ({ index, sizeBytes: png.length, sha256: sha256(png), durationMs: 900 })),
    }
  }
  const put = async (who: Person, request: BeginSaving, pngs: readonly Bytes[]) => {
    const begun = await who.api.devicePicture.begin(request)
    if (begun.state !== 'waiting') throw new Error('It is saved already')
    for (const [at, { url, headers }] of begun.uploads.entries()) {
      const response = await fetch(url, { method: 'PUT', headers, body: pngs[at] ?? new Uint8Array() })
      if (!response.ok) throw new Error(`The bucket answered ${response.status}`)
    }
  }
  const save = async (who: Person, request: BeginSaving, pngs: readonly Bytes[]) => {
    await put(who, request, pngs)
    return who.api.devicePicture.finish({ idempotencyKey: request.idempotencyKey })
  }

  it('stands in the history like any other, free of charge, with its recipe inside and a mark of where it was made', async () => {
    const png = await plainPng(256, 256, 41)
    const request = await declare([png])
    const saved = await save(person, request, [png])
    expect(saved).toMatchObject({
      createdAt: '2026-01-02T03:04:05.000Z',
      recipe: request.recipe,
      recipeHash: request.recipeHash,
      images: [{ index: 0, seed: 41, status: 'done', madeOn: 'device', durationMs: 900, step: 25, steps: 25 }],
    })
    const { items } = await person.api.generation.list({})
    expect(items.map(({ id }) => id)).toContain(saved.id)
    expect((await person.api.session.me())?.allowance.used).toBe(0)

    const row = await server.container.deps.db.image.findFirstOrThrow({ where: { generationId: saved.id } })
    const file = await server.container.deps.storage.get(row.objectKey ?? '')
    const stored = new Uint8Array(await new Response(file?.body).arrayBuffer())
    expect(sha256(stored)).toBe(row.sha256)
    const { entries } = await readPngText(stored)
    expect(JSON.parse(entries.find(({ keyword }) => keyword === 'dewpoint')?.text ?? '')).toEqual(
      imageRecipe(request.recipe, 0),
    )
    const pixels = (bytes: Uint8Array) => sharp(bytes).removeAlpha().raw().toBuffer()
    expect(await pixels(stored)).toEqual(await pixels(png))
  })

  it('says on its public page that a visitor’s device made it', async () => {
    const png = await plainPng(256, 256, 1)
    const saved = await save(person, await declare([png]), [png])
    const { slug } = await person.api.share.create({ imageId: saved.images[0]?.id ?? '' })
    expect(await getSharedImage(server.container.deps, { slug })).toMatchObject({ madeOn: 'device' })
  })

  it('is saved once, however often and at once it is sent', async () => {
    const png = await plainPng(256, 256, 2)
    const request = await declare([png])
    await put(person, request, [png])
    await put(person, request, [png])
    const { idempotencyKey } = request
    const finished = await Promise.all(
      Array.from({ length: 4 }, () => person.api.devicePicture.finish({ idempotencyKey })),
    )
    expect(new Set(finished.map(({ id }) => id)).size).toBe(1)
    const again = await person.api.devicePicture.begin(request)
    expect(again).toMatchObject({ state: 'saved', generation: { id: finished[0]?.id } })
    const imageId = finished[0]?.images[0]?.id ?? ''
    const me = (await person.api.session.me())?.id ?? ''
    const kept: string[] = []
    for await (const { key } of server.container.deps.storage.list(`u/${me}/`)) kept.push(key)
    // The copies of the slower calls are gone from the bucket.
    expect(kept.filter((key) => key.includes(imageId))).toHaveLength(1)
    const images = await server.container.deps.db.image.count({ where: { generation: { userId: me }, status: 'done' } })
    expect(kept).toHaveLength(images)
  })

  it('does not come back after it was deleted, when a late tab sends it again', async () => {
    const png = await plainPng(256, 256, 3)
    const request = await declare([png])
    const { id } = await save(person, request, [png])
    await person.api.generation.delete({ id })
    expect(await person.api.devicePicture.begin(request)).toMatchObject({ state: 'saved', generation: { id } })
    await expectError(person.api.generation.get({ id }), 'not-found')
  })

  it('leaves those of a click that were stopped as stopped', async () => {
    const pngs = [await plainPng(256, 256, 4), await plainPng(256, 256, 6)]
    const request = await declare(pngs, { count: 3 })
    const changed = { ...request, pictures: request.pictures.map((one, at) => ({ ...one, index: at * 2 })) }
    const { images } = await save(person, changed, pngs)
    expect(images.map(({ status, seed }) => [status, seed])).toEqual([
      ['done', 41],
      ['canceled', 42],
      ['done', 43],
    ])
  })

  it('moves with a guest who signs up between beginning and finishing', async () => {
    const guest = await server.guest()
    const png = await plainPng(256, 256, 5)
    const request = await declare([png])
    await put(guest, request, [png])
    const account = await server.signUp({ as: guest })
    const saved = await account.api.devicePicture.finish({ idempotencyKey: request.idempotencyKey })
    expect((await account.api.generation.get({ id: saved.id })).images[0]?.status).toBe('done')
  })

  it('of a model that was replaced since is still that person’s picture; of one never seen it is refused', async () => {
    const png = await plainPng(256, 256, 7)
    const model = { id: server.model.id, hash: 'e'.repeat(64) }
    const request = await declare([png], { model })
    await expectError(person.api.devicePicture.begin(request), 'model.unavailable', /installed/)
    const elsewhere = await declare([png], { model: { id: 'never', hash: server.model.hash } })
    await expectError(person.api.devicePicture.begin(elsewhere), 'model.unavailable')
    // Someone's generation from when that model was installed.
    const other = await save(person, await declare([png]), [png])
    await server.container.deps.db.generation.update({
      where: { id: other.id },
      data: { queue: queueName(model) },
    })
    expect((await save(person, request, [png])).recipe.model).toEqual(model)
  })

  it('is nobody else’s to finish, and the same key is another person’s own', async () => {
    const png = await plainPng(256, 256, 8)
    const request = await declare([png])
    await put(person, request, [png])
    const stranger = await server.signUp()
    const { idempotencyKey } = request
    await expectError(stranger.api.devicePicture.finish({ idempotencyKey }), 'not-found')
    await expectError(stranger.api.devicePicture.finish({ idempotencyKey: randomUUID() }), 'not-found')
    const theirs = await save(stranger, request, [png])
    const ours = await person.api.devicePicture.finish({ idempotencyKey })
    expect(ours.id).not.toBe(theirs.id)
    await expectError(stranger.api.generation.get({ id: ours.id }), 'not-found')
    await expectError(server.as(new Headers()).devicePicture.begin(request), 'auth.required')
  })

  it('is refused under a key that was used for something else', async () => {
    const png = await plainPng(256, 256, 9)
    const request = await declare([png])
    await person.api.devicePicture.begin(request)
    const other = { ...(await declare([png], { prompt: 'a cat' })), idempotencyKey: request.idempotencyKey }
    await expectError(person.api.devicePicture.begin(other), 'idempotency.mismatch')
    await save(person, request, [png])
    await expectError(person.api.devicePicture.begin(other), 'idempotency.mismatch')
  })

  it('is refused before it is sent when what is declared breaks a rule', async () => {
    const png = await plainPng(256, 256, 10)
    const request = await declare([png])
    const [picture] = request.pictures
    if (picture === undefined) throw new Error('One picture was declared')
    const begin = (changes: Partial<BeginSaving>) => person.api.devicePicture.begin({ ...request, ...changes })
    await expectError(begin({ recipeHash: 'a'.repeat(64) }), 'input.invalid', /recipeHash/)
    await expectError(begin({ recipe: { ...request.recipe, steps: 0 } }), 'input.invalid')
    await expectError(begin({ recipe: { ...request.recipe, width: 100 } }), 'input.invalid')
    await expectError(begin({ pictures: [] }), 'input.invalid')
    await expectError(begin({ pictures: [picture, picture] }), 'input.invalid', /index of its own/)
    await expectError(begin({ pictures: [{ ...picture, index: 1 }] }), 'input.invalid', /below the recipe/)
    await expectError(begin({ pictures: [{ ...picture, sizeBytes: 400_000 }] }), 'input.invalid', /larger than/)
    await expectError(begin({ madeAt: 'yesterday' }), 'input.invalid')
  })

  it('is refused when nothing was sent, or other bytes than declared', async () => {
    const png = await plainPng(256, 256, 11)
    const request = await declare([png])
    const { idempotencyKey } = request
    await person.api.devicePicture.begin(request)
    await expectError(person.api.devicePicture.finish({ idempotencyKey }), 'input.invalid', /PUT it first/)
    const changed = new Uint8Array(png)
    changed[changed.length - 20] = (changed[changed.length - 20] ?? 0) ^ 1
    await put(person, request, [changed])
    await expectError(person.api.devicePicture.finish({ idempotencyKey }), 'input.invalid', /arrived as/)
    // The right bytes are welcome after the wrong ones.
    expect((await save(person, request, [png])).images[0]?.status).toBe('done')
  })

  const hostile: readonly [string, () => Promise<Bytes>, RegExp][] = [
    ['an HTML page', async () => bytesOf('<!doctype html><script>alert(1)</script>'), /no PNG/],
    ['an SVG', async () => bytesOf('<svg xmlns="http://www.w3.org/2000/svg" width="256" height="256"/>'), /no PNG/],
    [
      'a JPEG',
      async () =>
        new Uint8Array(
          await sharp(await plainPng(256, 256, 1))
            .jpeg()
            .toBuffer(),
        ),
      /no PNG/,
    ],
    ['a PNG’s first bytes and nothing else', async () => (await plainPng(256, 256, 1)).slice(0, 40), /./],
    [
      'a PNG with a page behind its signature',
      async () =>
        new Uint8Array(Buffer.concat([(await plainPng(8, 8, 1)).slice(0, 8), bytesOf('<script>alert(1)</script>')])),
      /./,
    ],
    [
      'a picture that claims 30000 x 30000 pixels',
      async () => {
        const png = await plainPng(256, 256, 1)
        new DataView(png.buffer).setUint32(16, 30_000)
        new DataView(png.buffer).setUint32(20, 30_000)
        return png
      },
      /./,
    ],
  ]
  it.each(hostile)('is refused when it is %s', async (_what, make, detail) => {
    const bytes = await make()
    const request = await declare([bytes])
    await put(person, request, [bytes])
    const { idempotencyKey } = request
    const failure = person.api.devicePicture.finish({ idempotencyKey })
    const error = await failure.then(
      () => null,
      (caught: { cause?: { code?: string; detail?: string } }) => caught.cause,
    )
    expect(error?.code).toMatch(/^upload\.(unreadable|too-large)$/)
    expect(error?.detail).toMatch(detail)
  })

  it('is refused when it is of another size than its recipe makes', async () => {
    const png = await plainPng(256, 64, 1)
    const request = await declare([png])
    await put(person, request, [png])
    const { idempotencyKey } = request
    await expectError(
      person.api.devicePicture.finish({ idempotencyKey }),
      'input.invalid',
      /256x64; its recipe makes 256x256/,
    )
  })

  it('carries nothing that was hidden in the file', async () => {
    const plain = await plainPng(256, 256, 12)
    // Behind the end marker, where programs that polish files look away.
    const png = new Uint8Array(Buffer.concat([plain, bytesOf('<script>alert("hidden")</script>')]))
    const saved = await save(person, await declare([png]), [png])
    const row = await server.container.deps.db.image.findFirstOrThrow({ where: { generationId: saved.id } })
    const file = await server.container.deps.storage.get(row.objectKey ?? '')
    expect(Buffer.from(await new Response(file?.body).arrayBuffer()).includes('hidden')).toBe(false)
  })

  it('has a daily bound for each person, and what is a day old leaves the quarantine', async () => {
    const guest = await server.guest()
    const png = await plainPng(256, 256, 13)
    for (let at = 0; at < 100; at += 1) await guest.api.devicePicture.begin(await declare([png]))
    await expectError(guest.api.devicePicture.begin(await declare([png])), 'savings.exhausted', /at most 100/)
    const { deps } = server.container
    const tomorrow = new Date(Date.now() + 25 * 60 * 60 * 1000)
    expect(await purgeSavings(deps, { now: new Date() })).toBe(0)
    expect(await purgeSavings(deps, { now: tomorrow })).toBeGreaterThanOrEqual(100)
    const left: string[] = []
    for await (const { key } of deps.storage.list('quarantine/')) left.push(key)
    expect(left).toEqual([])
  })

  it('has a size its model makes: a larger one would only be a way to fill the bucket', async () => {
    const png = await plainPng(2048, 2048, 1)
    const request = await declare([png], { width: 2048, height: 2048 })
    await expectError(person.api.devicePicture.begin(request), 'input.invalid', /makes 256x256, not 2048x2048/)
    const second = await declare([png], {
      hires: { width: 2048, height: 2048, steps: 4, strength: 0.5, upscaler: 'latent' },
    })
    await expectError(person.api.devicePicture.begin(second), 'input.invalid', /not 2048x2048/)
  })

  it('counts its bytes against the day’s', async () => {
    const guest = await server.guest()
    const { deps } = server.container
    const userId = (await guest.api.session.me())?.id ?? ''
    const begun = await declare([await plainPng(256, 256, 1)])
    await guest.api.devicePicture.begin(begun)
    const [picture] = begun.pictures
    // As if almost a day's worth had been declared.
    const sizeBytes = deps.limits.guestDailySavingsBytes - 100
    await deps.db.deviceSaving.updateMany({
      where: { userId },
      data: { request: { ...begun, pictures: [{ ...picture, sizeBytes }] } },
    })
    const next = await declare([await plainPng(256, 256, 2)])
    await expectError(guest.api.devicePicture.begin(next), 'savings.exhausted', /at most 200000000/)
  })
})
