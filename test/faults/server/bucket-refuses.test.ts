import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createContainer } from '#server/container.ts'
import { createContext } from '#server/trpc/context.ts'
import { createCaller } from '#server/trpc/router.ts'
import { expectError } from '#test/harness/expect-error.ts'
import { plainPng, ref, scriptedWorker } from '#test/harness/scripted-worker.ts'
import { startTestServer, type TestServer, validRequest } from '#test/harness/server.ts'

/** Stands before the real bucket and refuses what it is told to, as a full disk or a revoked key would. */
async function startRefusingProxy(target: string): Promise<{ server: Server; url: string; refuse: Set<string> }> {
  const refuse = new Set<string>()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', async () => {
      if (refuse.has(request.method ?? '')) {
        response.writeHead(503, { 'content-type': 'application/xml' })
        response.end('<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>')
        return
      }
      const answer = await fetch(`${target}${request.url}`, {
        method: request.method ?? 'GET',
        // The signature covers the host the client knows.
        headers: Object.fromEntries(
          Object.entries(request.headers).filter(
            ([name, value]) =>
              typeof value === 'string' &&
              !['connection', 'content-length', 'host', 'transfer-encoding'].includes(name),
          ),
        ) as Record<string, string>,
        ...(request.method === 'GET' || request.method === 'HEAD' ? {} : { body: Buffer.concat(chunks) }),
      })
      response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' })
      response.end(Buffer.from(await answer.arrayBuffer()))
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, refuse }
}

describe('a bucket that refuses writes', () => {
  let server: TestServer
  let proxy: Awaited<ReturnType<typeof startRefusingProxy>>
  beforeAll(async () => {
    server = await startTestServer()
    proxy = await startRefusingProxy(server.s3.url)
  })
  afterAll(async () => {
    proxy.server.close()
    await server.close()
  })

  it('costs the person nothing and loses nothing: the image is tried again, and made when the bucket is back', async () => {
    const person = await server.signUp()
    const worker = await scriptedWorker(server)
    await worker.hello()
    const { id } = await person.api.generation.create(validRequest(server.model))
    const first = await worker.claimOne()
    const png = await plainPng(256, 256, 1)
    const ticket = await worker.api.presign({ ...ref(first), sizeBytes: png.length, sha256: 'a'.repeat(64) })
    proxy.refuse.add('PUT')
    const refused = await fetch(ticket.url.replace(server.s3.url, proxy.url), { method: 'PUT', body: png })
    expect(refused.status).toBe(503)
    await expectError(
      worker.api.complete({
        ...ref(first),
        sha256: 'a'.repeat(64),
        sizeBytes: png.length,
        width: 256,
        height: 256,
        thumbhash: 'A',
        durationMs: 1,
      }),
      'input.invalid',
    )
    await worker.api.fail({ ...ref(first), reason: 'PUT answered 503', retryable: true })
    expect((await person.api.generation.get({ id })).images[0]).toMatchObject({ status: 'queued', error: null })
    proxy.refuse.clear()
    const [again] = await worker.claim(1, 30_000)
    if (again === undefined) throw new Error('not tried again')
    await worker.finish(again)
    expect((await person.api.session.me())?.allowance.used).toBe(1)
  })

  it('is told to the person as what it is, when they bring or fetch a picture, and works again by itself', async () => {
    const person = await server.signUp()
    const behindProxy = await createContainer({
      ...server.env,
      S3_ENDPOINT: proxy.url,
      S3_PUBLIC_ENDPOINT: server.s3.url,
    })
    try {
      const api = createCaller(createContext(behindProxy, person.headers))
      const png = await plainPng(64, 64, 1)
      const ticket = await api.upload.create({ contentType: 'image/png', sizeBytes: png.length })
      const put = await fetch(ticket.url, { method: 'PUT', body: png, headers: { 'content-type': 'image/png' } })
      expect(put.status).toBe(200)
      proxy.refuse.add('GET').add('PUT').add('HEAD')
      await expectError(api.upload.finish({ uploadId: ticket.uploadId }), 'storage.unavailable')
      expect((await server.container.deps.db.upload.findUnique({ where: { id: ticket.uploadId } }))?.status).toBe(
        'pending',
      )
      // Text needs no bucket.
      const { id } = await api.generation.create(validRequest(server.model))
      await api.generation.cancel({ id })
    } finally {
      proxy.refuse.clear()
      await behindProxy.close()
    }
  })
})
