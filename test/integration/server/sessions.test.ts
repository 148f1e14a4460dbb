import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createGenerationSchema } from '#contracts/generation.ts'
import { createAuth } from '#server/auth/create-auth.ts'
import { createGeneration } from '#server/generations/create-generation.ts'
import { handleAuth } from '#server/http/handle-auth.ts'
import { moveGuest } from '#server/users/move-guest.ts'
import { expectError } from '#test/harness/expect-error.ts'
import { scriptedWorker } from '#test/harness/scripted-worker.ts'
import { APP_URL, cookiesOf, startTestServer, type TestServer, validRequest } from '#test/harness/server.ts'

describe('sessions', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer()
  })
  afterAll(() => server.close())

  const db = () => server.container.deps.db

  it('signs up, out and in again, and the signed-out cookie is worth nothing', async () => {
    const ada = await server.signUp()
    expect(await ada.api.session.me()).toMatchObject({ isGuest: false, email: ada.email, allowance: { limit: 200 } })
    expect((await server.auth('/sign-out', {}, ada.headers)).status).toBe(200)
    expect(await server.as(ada.headers).session.me()).toBeNull()
    const again = await server.auth('/sign-in/email', { email: ada.email, password: ada.password })
    expect(again.status).toBe(200)
    expect(await server.as(new Headers({ cookie: cookiesOf(again) })).session.me()).toMatchObject({ email: ada.email })
  })

  it('takes a tampered cookie, an expired and a deleted session for nobody', async () => {
    const ada = await server.signUp()
    const cookie = ada.headers.get('cookie') ?? ''
    const tampered = new Headers({ cookie: cookie.replace(/=(.)/, (_, first) => `=${first === 'a' ? 'b' : 'a'}`) })
    await expectError(server.as(tampered).generation.list({}), 'auth.required')

    const { id: userId } = (await ada.api.session.me()) ?? { id: '' }
    await db().session.updateMany({ where: { userId }, data: { expiresAt: new Date(Date.now() - 1000) } })
    await expectError(server.as(ada.headers).generation.list({}), 'auth.required')
    await db().session.deleteMany({ where: { userId } })
    await expectError(server.as(ada.headers).generation.list({}), 'auth.required')
  })

  it('says the same of an unknown address and of a wrong password', async () => {
    const ada = await server.signUp()
    const answers = await Promise.all(
      [ada.email, 'nobody@example.org'].map(async (email) => {
        const response = await server.auth('/sign-in/email', { email, password: 'not the password' })
        return { status: response.status, body: await response.json() }
      }),
    )
    expect(answers[0]).toEqual(answers[1])
    expect(answers[0]?.status).toBe(401)
  })

  it('wants a password of ten characters, and takes spaces in it', async () => {
    const signUp = (password: string) =>
      server.auth('/sign-up/email', { name: 'Ada', email: `${randomBytes(6).toString('hex')}@example.org`, password })
    expect((await signUp('ninechars')).status).toBe(400)
    expect((await signUp('correct horse battery')).status).toBe(200)
  })

  it('keeps cookies from scripts and other sites, for 30 days; over https they are Secure', async () => {
    const overHttp = await server.auth('/sign-in/anonymous', {})
    const cookie = overHttp.headers.getSetCookie().find((each) => each.includes('session_token')) ?? ''
    expect(cookie).toMatch(/^dewpoint\.session_token=/)
    expect(cookie).toMatch(/Max-Age=2592000/)
    expect(cookie).toMatch(/HttpOnly/)
    expect(cookie).toMatch(/SameSite=Lax/)
    expect(cookie).not.toMatch(/Secure/)

    const auth = createAuth(server.container.deps, {
      appUrl: 'https://dewpoint.example',
      secret: server.env.AUTH_SECRET,
      isRateLimited: false,
      newGuestsPerHour: 500,
    })
    const overHttps = await auth.handler(
      new Request('https://dewpoint.example/api/auth/sign-in/anonymous', {
        method: 'POST',
        body: '{}',
        headers: { 'content-type': 'application/json', origin: 'https://dewpoint.example' },
      }),
    )
    const secure = overHttps.headers.getSetCookie().find((each) => each.includes('session_token')) ?? ''
    expect(secure).toMatch(/^__Secure-dewpoint\.session_token=.*Secure/)
  })

  it('refuses a sign-in that another site started', async () => {
    const ada = await server.signUp()
    const response = await handleAuth(
      async () => server.container,
      new Request(`${APP_URL}/api/auth/sign-in/email`, {
        method: 'POST',
        body: JSON.stringify({ email: ada.email, password: ada.password }),
        headers: {
          'content-type': 'application/json',
          origin: 'https://evil.example',
          cookie: ada.headers.get('cookie') ?? '',
        },
      }),
    )
    expect(response.status).toBe(403)
  })
})

describe('the limit on signing in', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer({ AUTH_RATE_LIMIT: 'on' })
  })
  afterAll(() => server.close())

  it('holds across web processes, because it is kept in the database', async () => {
    const second = await server.secondContainer()
    try {
      const attempt = (container = server.container) =>
        handleAuth(
          async () => container,
          new Request(`${APP_URL}/api/auth/sign-in/email`, {
            method: 'POST',
            body: JSON.stringify({ email: 'a@example.org', password: 'guess number 1' }),
            headers: { 'content-type': 'application/json', origin: APP_URL, 'x-forwarded-for': '203.0.113.7' },
          }),
        )
      const statuses: number[] = []
      for (let i = 0; i < 14; i += 1) statuses.push((await attempt(i % 2 === 0 ? server.container : second)).status)
      expect(statuses.slice(0, 10)).toEqual(Array(10).fill(401))
      expect(statuses.slice(10)).toEqual(Array(4).fill(429))
    } finally {
      await second.close()
    }
  })

  it('bounds how many guests one address may become', async () => {
    const guest = () =>
      handleAuth(
        async () => server.container,
        new Request(`${APP_URL}/api/auth/sign-in/anonymous`, {
          method: 'POST',
          body: '{}',
          headers: { 'content-type': 'application/json', origin: APP_URL, 'x-forwarded-for': '203.0.113.8' },
        }),
      )
    const statuses: number[] = []
    for (let i = 0; i < 22; i += 1) statuses.push((await guest()).status)
    expect(statuses.filter((status) => status === 200).length).toBe(20)
    expect(statuses.at(-1)).toBe(429)
  })
})

describe('a guest who signs up or in', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer()
  })
  afterAll(() => server.close())

  it('keeps everything: waiting and finished pictures, links, uploads, and what of today is used', async () => {
    const worker = await scriptedWorker(server)
    await worker.hello()
    const guest = await server.guest()
    const done = await guest.api.generation.create(validRequest(server.model))
    await worker.finish(await worker.claimOne())
    const share = await guest.api.share.create({ imageId: done.images[0]?.id ?? '' })
    const upload = await guest.api.upload.create({ contentType: 'image/png', sizeBytes: 10 })
    const waiting = await guest.api.generation.create(validRequest(server.model))

    const ada = await server.signUp({ as: guest })
    const { items } = await ada.api.generation.list({})
    expect(items.map(({ id }) => id)).toEqual([waiting.id, done.id])
    expect(items[1]?.images[0]?.share?.slug).toBe(share.slug)
    expect((await ada.api.session.me())?.allowance).toMatchObject({ used: 2, limit: 200 })
    await expectError(ada.api.upload.finish({ uploadId: upload.uploadId }), 'input.invalid', /PUT it first/)
    await expectError(server.as(guest.headers).generation.list({}), 'auth.required')
    await ada.api.generation.cancel({ id: waiting.id })
  })

  it('moves while a job of theirs runs, and the picture, its events and its charge arrive in the account', async () => {
    const worker = await scriptedWorker(server)
    await worker.hello()
    const ada = await server.signUp()
    for (let round = 0; round < 5; round += 1) {
      const guest = await server.guest()
      const { id } = await guest.api.generation.create(validRequest(server.model, { steps: 30 }))
      const job = await worker.claimOne()
      // The sign-in lands somewhere in the middle of thirty progress reports and a completion.
      const [signedIn] = await Promise.all([
        server.auth('/sign-in/email', { email: ada.email, password: ada.password }, guest.headers),
        worker.run(job).then(() => worker.finish(job)),
      ])
      const account = server.as(new Headers({ cookie: cookiesOf(signedIn) }))
      expect(await account.generation.get({ id })).toMatchObject({ images: [{ status: 'done' }] })
    }
    expect((await ada.api.session.me())?.allowance.used).toBe(5)
  })

  it('finds a request that was on its way in the account, whichever of the two came first', async () => {
    const ada = await server.signUp()
    for (let round = 0; round < 5; round += 1) {
      const guest = await server.guest()
      const user = await guest.api.session.me()
      const request = validRequest(server.model)
      const accountId = (await ada.api.session.me())?.id ?? ''
      const guestId = user?.id ?? ''
      const deps = server.container.deps
      const [made] = await Promise.all([
        createGeneration(deps, { ...createGenerationSchema.parse(request), userId: guestId }),
        moveGuest(deps, { guestId, accountId }),
      ])
      await ada.api.generation.get({ id: made.id })
      expect((await ada.api.generation.create(request)).id).toBe(made.id)
      await ada.api.generation.cancel({ id: made.id })
    }
  })

  it('can be moved even where both used the same idempotency key', async () => {
    const ada = await server.signUp()
    const guest = await server.guest()
    const request = validRequest(server.model)
    await ada.api.generation.create(request)
    await guest.api.generation.create(request)
    const signedIn = await server.auth('/sign-in/email', { email: ada.email, password: ada.password }, guest.headers)
    expect(signedIn.status).toBe(200)
    expect((await server.as(new Headers({ cookie: cookiesOf(signedIn) })).generation.list({})).items.length).toBe(2)
  })
})
