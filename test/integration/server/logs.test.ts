import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { handleAuth } from '#server/http/handle-auth.ts'
import { handleTrpc } from '#server/http/handle-trpc.ts'
import { createLog } from '#server/log.ts'
import { ref, scriptedWorker } from '#test/harness/scripted-worker.ts'
import { APP_URL, startTestServer, type TestServer, validRequest } from '#test/harness/server.ts'

describe('the log', () => {
  let server: TestServer
  const lines: string[] = []
  beforeAll(async () => {
    const log = createLog('trace', { write: (line: string) => lines.push(line) })
    server = await startTestServer({}, { log })
  })
  afterAll(() => server.close())

  it('says what failed and where, and never a prompt, an address, a password, a cookie or a token', async () => {
    const person = await server.signUp()
    const prompt = 'a very private panda'
    const worker = await scriptedWorker(server)
    await worker.hello()
    await person.api.generation.create(validRequest(server.model, { prompt, negativePrompt: prompt }))
    const job = await worker.claimOne()
    await worker.api.fail({ ...ref(job), reason: 'out of memory', retryable: false })
    await server.auth('/sign-in/email', { email: person.email, password: 'a wrong password' })

    // A failure of ours whose query holds the prompt, and which PostgreSQL describes with the whole row.
    const { db } = server.container.deps
    await db.$executeRaw`ALTER TABLE generation ADD CONSTRAINT broken CHECK (recipe_hash = '') NOT VALID`
    const broken = await handleTrpc(
      async () => server.container,
      new Request(`${APP_URL}/api/trpc/generation.create`, {
        method: 'POST',
        body: JSON.stringify({ json: validRequest(server.model, { prompt }) }),
        headers: { 'content-type': 'application/json', cookie: person.headers.get('cookie') ?? '' },
      }),
    )
    await db.$executeRaw`ALTER TABLE generation DROP CONSTRAINT broken`
    await db.$executeRaw`ALTER TABLE account RENAME TO account_gone`
    await handleAuth(
      async () => server.container,
      new Request(`${APP_URL}/api/auth/sign-in/email`, {
        method: 'POST',
        body: JSON.stringify({ email: person.email, password: person.password }),
        headers: { 'content-type': 'application/json', origin: APP_URL },
      }),
    )
    await db.$executeRaw`ALTER TABLE account_gone RENAME TO account`

    expect(broken.status).toBe(500)
    expect(await broken.text()).not.toMatch(/constraint|broken/)
    const all = lines.join('')
    expect(all).toContain('"procedure":"generation.create"')
    expect(all).toContain('out of memory')
    const secrets = [
      prompt,
      person.email,
      person.password,
      server.env.WORKER_TOKEN,
      server.env.AUTH_SECRET,
      person.headers.get('cookie')?.split('=')[1] ?? 'no cookie',
    ]
    for (const secret of secrets) expect(all).not.toContain(secret)
  })
})
