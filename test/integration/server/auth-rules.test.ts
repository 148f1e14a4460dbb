// What people may write about themselves, how often an account may be tried, and what an operator can look up afterwards.
import { randomUUID } from 'node:crypto'
import { Writable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { handleAuth } from '#server/http/handle-auth.ts'
import { createLog } from '#server/log.ts'
import { APP_URL, cookiesOf, startTestServer, type TestServer } from '#test/harness/server.ts'

let server: TestServer
let lines = ''
beforeAll(async () => {
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines += chunk
      done()
    },
  })
  server = await startTestServer(
    { AUTH_RATE_LIMIT: 'on', NEW_GUESTS_PER_HOUR: '25' },
    { log: createLog('info', destination) },
  )
})
afterAll(() => server.close())

let visitors = 0
/** Each call from an address of its own, as behind a botnet. */
const post = (path: string, body: object, headers = new Headers()) => {
  visitors += 1
  return handleAuth(
    async () => server.container,
    new Request(`${APP_URL}/api/auth${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: {
        'content-type': 'application/json',
        origin: APP_URL,
        cookie: headers.get('cookie') ?? '',
        'x-forwarded-for': `198.51.${Math.floor(visitors / 250)}.${visitors % 250}`,
      },
    }),
  )
}
const signUp = async (password = 'tacos at the beach') => {
  const email = `${randomUUID()}@example.org`
  const response = await post('/sign-up/email', { name: 'Ada', email, password })
  return { email, password, response, headers: new Headers({ cookie: cookiesOf(response) }) }
}

describe('update-user', () => {
  it('takes a name of ordinary length, and nothing else', async () => {
    const { headers } = await signUp()
    const before = await server.as(headers).session.me()
    for (const body of [
      { name: 'x'.repeat(1_000) },
      { name: '' },
      { name: 'a\u0007b' },
      { name: { contains: 'a' } },
      { name: ['Ada'] },
      { image: 'javascript:alert(1)' },
      { name: 'Ada', image: 'https://example.org/a.png' },
      { name: { set: 'Mallory' } },
      { isAnonymous: true },
      { emailVerified: true },
      { linkedToId: randomUUID() },
      {},
    ]) {
      expect((await post('/update-user', body, headers)).status, JSON.stringify(body)).toBe(400)
    }
    expect((await post('/update-user', { name: 'x'.repeat(1_000_000) }, headers)).status).toBe(413)
    expect(await server.as(headers).session.me()).toEqual(before)
    expect((await post('/update-user', { name: '  Ada Lovelace ' }, headers)).status).toBe(200)
    expect((await server.as(headers).session.me())?.name).toBe('Ada Lovelace')
    expect(lines).not.toContain('javascript:')
  })

  it('has the same rules as signing up', async () => {
    const email = `${randomUUID()}@example.org`
    const ask = (more: object) =>
      post('/sign-up/email', { name: 'Ada', email, password: 'tacos at the beach', ...more })
    expect((await ask({ name: 'x'.repeat(101) })).status).toBe(400)
    expect((await ask({ image: 'javascript:alert(1)' })).status).toBe(400)
    expect((await ask({ password: 'password123' })).status).toBe(400)
    expect((await ask({ password: '1234567890' })).status).toBe(400)
    expect((await ask({ password: `${email.split('@')[0]}1` })).status).toBe(400)
    expect((await ask({})).status).toBe(200)
  })
})

describe('an account', () => {
  it('can be tried ten times in a quarter of an hour, from however many addresses, and others not fewer', async () => {
    const ada = await signUp()
    const statuses: number[] = []
    for (let i = 0; i < 12; i += 1) {
      statuses.push((await post('/sign-in/email', { email: ada.email, password: `guess number ${i}` })).status)
    }
    expect(statuses).toEqual([...Array(10).fill(401), 429, 429])
    const refused = await post('/sign-in/email', { email: ada.email.toUpperCase(), password: ada.password })
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await refused.text()).toMatch(/tried too often. Try again in \d+ s/)
    const bob = await signUp()
    expect((await post('/sign-in/email', bob)).status).toBe(200)
  })

  it('is counted anew after its owner signed in', async () => {
    const ada = await signUp()
    for (let i = 0; i < 9; i += 1) await post('/sign-in/email', { email: ada.email, password: 'a wrong password' })
    expect((await post('/sign-in/email', ada)).status).toBe(200)
    expect((await post('/sign-in/email', { email: ada.email, password: 'a wrong password' })).status).toBe(401)
  })

  it('ends its other sessions when its password changes, and the new one is held to the same rules', async () => {
    const ada = await signUp()
    const elsewhere = new Headers({ cookie: cookiesOf(await post('/sign-in/email', ada)) })
    const change = (newPassword: string) =>
      post('/change-password', { currentPassword: ada.password, newPassword, revokeOtherSessions: false }, ada.headers)
    expect((await change('qwertyuiop')).status).toBe(400)
    const changed = await change('panda under an umbrella')
    expect(changed.status).toBe(200)
    expect(await server.as(elsewhere).session.me()).toBeNull()
    const here = new Headers({ cookie: cookiesOf(changed) })
    expect(await server.as(here).session.me()).not.toBeNull()
  })
})

describe('the audit log', () => {
  it('says who signed in and out, what was refused and why, and never an address or a password', async () => {
    const ada = await signUp()
    const from = lines.length
    await post('/sign-in/email', { email: ada.email, password: 'a wrong password' })
    const signedIn = await post('/sign-in/email', ada)
    await post('/sign-out', {}, new Headers({ cookie: cookiesOf(signedIn) }))
    const said = lines.slice(from)
    const entries = said
      .split('\n')
      .filter((line) => line.includes('"audit"'))
      .map((line) => JSON.parse(line))
    expect(entries).toMatchObject([
      {
        audit: 'sign in',
        outcome: 'refused',
        reason: 'INVALID_EMAIL_OR_PASSWORD',
        account: expect.stringMatching(/^[0-9a-f]{16}$/),
      },
      { audit: 'sign in', outcome: 'done', userId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
      { audit: 'sign out', outcome: 'done' },
    ])
    expect(entries[0].account).toBe(entries[1].account)
    expect(said).not.toContain(ada.email)
    expect(said).not.toContain('password":"')
    expect(said).not.toMatch(/198\.51\./)
  })
})

describe('new guests', () => {
  it('are so many an hour, from however many addresses; signing up stays open', async () => {
    const statuses: number[] = []
    for (let i = 0; i < 27; i += 1) statuses.push((await post('/sign-in/anonymous', {})).status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(25)
    expect(statuses.at(-1)).toBe(429)
    expect((await signUp()).response.status).toBe(200)
  })
})
