// One person, however they ask, cannot keep another from being answered; and what is refused is refused with what and when.
import pg from 'pg'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serveShareCard, serveSharePage } from '#app/share/serve-share.ts'
import { BATCH_MAX } from '#contracts/api.ts'
import { handleAuth } from '#server/http/handle-auth.ts'
import { handleTrpc } from '#server/http/handle-trpc.ts'
import { expectError } from '#test/harness/expect-error.ts'
import { plainPng, scriptedWorker } from '#test/harness/scripted-worker.ts'
import { APP_URL, type Person, startTestServer, type TestServer, validRequest } from '#test/harness/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ USER_DAILY_IMAGES: '10000' })
})
afterAll(() => server.close())

const container = async () => server.container
const post = (path: string, body: BodyInit, headers: HeadersInit = {}) =>
  handleTrpc(
    container,
    new Request(`${APP_URL}/api/trpc/${path}`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', ...Object.fromEntries(new Headers(headers)) },
      duplex: 'half',
    } as RequestInit),
  )
const upload = async (person: Person, bytes: Uint8Array<ArrayBuffer>) => {
  const ticket = await person.api.upload.create({ contentType: 'image/png', sizeBytes: bytes.length })
  const headers = new Headers(ticket.headers)
  headers.delete('content-length')
  expect((await fetch(ticket.url, { method: 'PUT', body: bytes, headers })).status).toBe(200)
  return ticket.uploadId
}
interface Refusal {
  readonly error: { readonly json: { readonly message: string; readonly data: { readonly dewpoint: object } } }
}
/** A body that tells how much of it was taken. */
const endless = (chunkBytes = 16 * 1024) => {
  const taken = { bytes: 0 }
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        taken.bytes += chunkBytes
        controller.enqueue(new Uint8Array(chunkBytes).fill(0x20))
      },
    },
    { highWaterMark: 0 },
  )
  return { stream, taken }
}

describe('requests', () => {
  it('take at most ten calls each', async () => {
    const guest = await server.guest()
    const batch = (count: number) => {
      const calls = Object.fromEntries(
        Array.from({ length: count }, (_, i) => [i, { json: validRequest(server.model) }]),
      )
      const path = Array(count).fill('generation.create').join(',')
      return post(`${path}?batch=1`, JSON.stringify(calls), guest.headers)
    }
    const created = await server.container.deps.db.generation.count()
    const refused = await batch(BATCH_MAX + 1)
    expect(refused.status).toBe(400)
    expect(await server.container.deps.db.generation.count()).toBe(created)
    expect((await batch(2)).status).toBe(200)
  })

  it('of one browser beyond what it may have under way are told what and when, while another is answered', async () => {
    const greedy = await server.signUp()
    const other = await server.signUp()
    const flood = Array.from({ length: 400 }, () =>
      post('generation.create', JSON.stringify({ json: validRequest(server.model) }), greedy.headers),
    )
    const others: number[] = []
    for (let i = 0; i < 5; i += 1) {
      const response = await post(
        'share.revoke',
        JSON.stringify({ json: { imageId: crypto.randomUUID() } }),
        other.headers,
      )
      others.push(response.status)
    }
    expect(others).toEqual(Array(5).fill(404))
    const answers = await Promise.all(flood)
    const refused = answers.filter(({ status }) => status === 429)
    expect(answers.filter(({ status }) => status >= 500)).toEqual([])
    expect(refused.length).toBeGreaterThan(300)
    const atOnce = refused.find(({ headers }) => headers.has('retry-after'))
    if (atOnce === undefined) throw new Error('Nobody was refused at once')
    const { error } = (await atOnce.json()) as Refusal
    expect(error.json.message).toMatch(/Requests of one browser: 6 under way and 24 waiting; try again in 1 s/)
    expect(error.json.data.dewpoint).toMatchObject({ code: 'requests.too-many', retryable: true })
  })

  it('wait for a lock two seconds, not thirty', async () => {
    const person = await server.signUp()
    const { id } = await person.api.generation.create(validRequest(server.model))
    const userId = (await person.api.session.me())?.id ?? ''
    const holder = new pg.Client({ connectionString: server.env.DATABASE_URL })
    await holder.connect()
    await holder.query('BEGIN')
    await holder.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [userId])
    await expectError(person.api.generation.delete({ id }), 'requests.too-many', /still under way/)
    await holder.query('COMMIT')
    await holder.end()
    await person.api.generation.delete({ id })
  })

  it('never take the gateway’s connections: with every other one held, a worker still finishes its picture', async () => {
    const person = await server.signUp()
    const worker = await scriptedWorker(server)
    await worker.hello()
    const { id } = await person.api.generation.create(
      validRequest(server.model, { prompt: 'while nobody gets through' }),
    )
    const { db } = server.container.deps
    let free = () => {}
    const held = new Promise<void>((resolve) => {
      free = resolve
    })
    const holders = Array.from({ length: 12 }, () =>
      db.$transaction(async (tx) => {
        await tx.$queryRaw`SELECT 1`
        await held
      }),
    )
    try {
      for (;;) {
        const job = await worker.claimOne()
        await worker.finish(job)
        const { status } = await server.container.gateway.db.image.findFirstOrThrow({ where: { generationId: id } })
        if (status === 'done') break
      }
    } finally {
      free()
      await Promise.all(holders)
    }
  })
})

describe('bodies', () => {
  it('are read up to their limit and no further, with or without a session', async () => {
    for (const [limit, send] of [
      [256 * 1024, (body: ReadableStream) => post('generation.create', body)],
      [
        16 * 1024,
        (body: ReadableStream) =>
          handleAuth(
            container,
            new Request(`${APP_URL}/api/auth/sign-in/email`, {
              method: 'POST',
              body,
              headers: { 'content-type': 'application/json', origin: APP_URL },
              duplex: 'half',
            } as RequestInit),
          ),
      ],
    ] as const) {
      const { stream, taken } = endless()
      expect((await send(stream)).status).toBe(413)
      expect(taken.bytes).toBeGreaterThan(limit)
      expect(taken.bytes).toBeLessThanOrEqual(limit + 2 * 16 * 1024)
    }
  })

  it('are refused by their declared length before a byte is read', async () => {
    const { stream, taken } = endless()
    const refused = await post('generation.create', stream, { 'content-length': '14000000' })
    expect(refused.status).toBe(413)
    expect(taken.bytes).toBe(0)
  })

  it('carry a few superjson places, not thousands', async () => {
    const person = await server.signUp()
    const values = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`a${i}`, ['undefined']]))
    const asked = { json: validRequest(server.model), meta: { values } }
    const refused = await post('generation.create', JSON.stringify(asked), person.headers)
    expect(refused.status).toBe(400)
    expect(await refused.text()).toContain('at most 4096')
  })
})

describe('event streams', () => {
  it('of one person are so many, and their places come back when they end', async () => {
    const person = await server.signUp()
    const open: AbortController[] = []
    const follow = async () => {
      const stop = new AbortController()
      const response = await handleTrpc(
        container,
        new Request(`${APP_URL}/api/trpc/generation.events?input=${encodeURIComponent(JSON.stringify({ json: {} }))}`, {
          headers: { accept: 'text/event-stream', cookie: person.headers.get('cookie') ?? '' },
          signal: stop.signal,
        }),
      )
      const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
      let text = ''
      // Connected, and then the first thing of its own: an error, a ping, or an event.
      while (!/event: (serialized-error\ndata: .*\n|ping)|"queued"/.test(text)) {
        const next = await reader?.read()
        if (next === undefined || next.done) break
        text += next.value
      }
      if (text.includes('serialized-error')) {
        stop.abort()
        return text
      }
      open.push(stop)
      return 'open'
    }
    const first = await Promise.all(Array.from({ length: 20 }, follow))
    expect(first).toEqual(Array(20).fill('open'))
    expect(await follow()).toMatch(/20 are open/)
    open.pop()?.abort()
    await expect.poll(follow, { timeout: 20_000 }).toBe('open')
    for (const stop of open) stop.abort()
  })
})

describe('an upload', () => {
  it('is read by one call at a time, whoever else asks for it', async () => {
    const person = await server.signUp()
    const uploadId = await upload(person, await plainPng(1200, 900, 5))
    const calls = await Promise.allSettled(Array.from({ length: 30 }, () => person.api.upload.finish({ uploadId })))
    const ready = calls.filter(({ status }) => status === 'fulfilled')
    expect(ready.length).toBeGreaterThanOrEqual(1)
    const { attempts } = await server.container.deps.db.upload.findUniqueOrThrow({ where: { id: uploadId } })
    expect(attempts).toBe(1)
    expect((await person.api.upload.finish({ uploadId })).width).toBe(1200)
  })

  it('that cannot be read is tried three times', async () => {
    const person = await server.signUp()
    const noise = await sharp(Buffer.from(Array.from({ length: 300 * 300 * 3 }, (_, i) => (i * 7919) % 251)), {
      raw: { width: 300, height: 300, channels: 3 },
    })
      .jpeg()
      .toBuffer()
    const uploadId = await upload(person, new Uint8Array(noise.subarray(0, noise.length / 2)))
    for (let i = 0; i < 3; i += 1) await expectError(person.api.upload.finish({ uploadId }), 'upload.unreadable')
    await expectError(person.api.upload.finish({ uploadId }), 'upload.unreadable', /Tried 3 times/)
  })

  it('costs no try when the bucket was away, and none when nothing had been sent', async () => {
    const person = await server.signUp()
    const { uploadId } = await person.api.upload.create({ contentType: 'image/png', sizeBytes: 10 })
    for (let i = 0; i < 4; i += 1) await expectError(person.api.upload.finish({ uploadId }), 'input.invalid')
  })

  it('is not decoded for a request the allowance refuses', async () => {
    const guest = await server.guest()
    const uploadId = await upload(guest, await plainPng(64, 64, 5))
    await guest.api.upload.finish({ uploadId })
    for (let i = 0; i < 8; i += 1) await guest.api.generation.create(validRequest(server.model))
    // Whoever read it would notice that it is gone.
    const { objectKey } = await server.container.deps.db.upload.findUniqueOrThrow({ where: { id: uploadId } })
    await server.container.deps.storage.delete([objectKey ?? ''])
    const request = validRequest(server.model, { input: { uploadId, strength: 0.5 } })
    await expectError(guest.api.generation.create(request), 'queue.full')
  })
})

describe('public pages', () => {
  it('draw a card once for everybody, and none for a link that was revoked since', async () => {
    const person = await server.signUp()
    const worker = await scriptedWorker(server)
    await worker.hello()
    const made = await person.api.generation.create(validRequest(server.model, { prompt: 'a card' }))
    const imageId = made.images[0]?.id ?? ''
    for (;;) {
      await worker.finish(await worker.claimOne())
      if ((await person.api.generation.get({ id: made.id })).images[0]?.status === 'done') break
    }
    const { slug } = await person.api.share.create({ imageId })
    const card = () => serveShareCard(container, new Request(`${APP_URL}/i/${slug}/card.png`), slug)
    expect((await card()).status).toBe(200)
    // A second drawing would have to fetch the picture.
    const { objectKey } = await server.container.deps.db.image.findUniqueOrThrow({ where: { id: imageId } })
    await server.container.deps.storage.delete([objectKey ?? ''])
    const again = await Promise.all([card(), card(), card()])
    expect(again.map(({ status }) => status)).toEqual([200, 200, 200])
    await person.api.share.revoke({ imageId })
    expect((await card()).status).toBe(404)
  })

  it('are answered 300 times a minute for one address, and for another all the same', async () => {
    const page = async (address: string) => {
      const headers = { 'x-forwarded-for': address }
      return serveSharePage(container, new Request(`${APP_URL}/i/nothing`, { headers }), 'nothing')
    }
    for (let i = 0; i < 300; i += 1) expect((await page('203.0.113.1')).status).toBe(404)
    const refused = await page('203.0.113.1')
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await page('203.0.113.2')).status).toBe(404)
  })
})
