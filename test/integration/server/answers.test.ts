// Headers and statuses of what is not a page: data is kept by nobody and read by our own pages alone; nonsense is the asker's fault.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { handleTrpc } from '#server/http/handle-trpc.ts'
import { serveImage } from '#server/http/serve-image.ts'
import { APP_URL, startTestServer, type TestServer } from '#test/harness/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.close())

const container = async () => server.container
const get = (path: string) => handleTrpc(container, new Request(`${APP_URL}/api/trpc/${path}`))

describe('data', () => {
  it.each(['session.me', 'model.list', 'generation.list', 'nothing.there', 'session.me,model.list?batch=1'])(
    'of %s is kept nowhere, runs nowhere, and is read by our own pages alone',
    async (path) => {
      const { headers } = await get(path)
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('content-security-policy')).toBe("default-src 'none'; frame-ancestors 'none'")
      expect(headers.get('cross-origin-resource-policy')).toBe('same-origin')
    },
  )

  it('has the same headers when it is a refusal', async () => {
    const { status, headers } = await serveImage(container, new Request(`${APP_URL}/api/images/x`), 'x')
    expect(status).toBe(401)
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin')
  })
})

it.each(['%E0%A4%A', 'session.me%00', '%2e%2e%2f', 'session.me,%E0%A4%A?batch=1'])(
  'a path that is no path is the asker’s fault, with a token or without: %s',
  async (path) => {
    for (const headers of [{}, { authorization: 'Bearer nothing' }]) {
      const { status } = await handleTrpc(container, new Request(`${APP_URL}/api/trpc/${path}`, { headers }))
      expect([400, 404]).toContain(status)
    }
  },
)
