import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { handleTrpc } from '#server/http/handle-trpc.ts'
import { appRouter } from '#server/trpc/router.ts'
import { APP_URL, type Person, startTestServer, type TestServer, validRequest } from '#test/harness/server.ts'

describe('any input at all', () => {
  let server: TestServer
  let person: Person
  beforeAll(async () => {
    server = await startTestServer()
    person = await server.signUp()
  })
  afterAll(() => server.close())

  const procedures = Object.entries(
    appRouter._def.procedures as unknown as Record<string, { _def: { type: string } }>,
  ).map(([path, procedure]) => ({ path, type: procedure._def.type }))
  const call = (path: string, type: string, body: string, authorization: string) => {
    const url = `${APP_URL}/api/trpc/${path}`
    const headers = { 'content-type': 'application/json', cookie: person.headers.get('cookie') ?? '', authorization }
    return handleTrpc(
      async () => server.container,
      type === 'mutation'
        ? new Request(url, { method: 'POST', body, headers })
        : new Request(`${url}?input=${encodeURIComponent(body)}`, { headers, signal: AbortSignal.timeout(200) }),
    )
  }
  /** Shapes near the real ones break more than noise does. */
  const nearMiss = () => {
    const valid = validRequest(server.model)
    const value = fc.oneof(
      fc.jsonValue(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom(null, -1, 0, 1e308, '', '\u0000', '00000000-0000-0000-0000-000000000000', [], {}),
    )
    return fc
      .tuple(
        fc.constantFrom(...Object.keys(valid), 'id', 'imageId', 'uploadId', 'cursor', 'limit', 'jobId', 'workerId'),
        value,
      )
      .map(([key, changed]) => ({ ...valid, [key]: changed }))
  }

  it('meets every procedure there is', () => {
    expect(procedures).toContainEqual({ path: 'generation.create', type: 'mutation' })
    expect(procedures).toContainEqual({ path: 'generation.events', type: 'subscription' })
    expect(procedures).toContainEqual({ path: 'worker.complete', type: 'mutation' })
    expect(procedures.length).toBeGreaterThanOrEqual(20)
  })

  it('is answered with a row of the error table or an answer, never with a 5xx, by every procedure', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...procedures),
        fc.oneof(
          fc.json(),
          fc.string(),
          fc.jsonValue().map((json) => JSON.stringify({ json })),
          nearMiss().map((json) => JSON.stringify({ json })),
        ),
        fc.constantFrom('', `Bearer ${server.env.WORKER_TOKEN}`),
        async ({ path, type }, body, authorization) => {
          const response = await call(path, type, body, authorization)
          const text = response.headers.get('content-type') === 'text/event-stream' ? '' : await response.text()
          if (text === '') await response.body?.cancel()
          expect(response.status, `${path} ${body} → ${text}`).toBeLessThan(500)
          if (response.status >= 400) expect(text).toContain('userMessage')
        },
      ),
      { numRuns: 400 },
    )
  })
})
