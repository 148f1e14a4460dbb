import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { GenerationEvent } from '#contracts/generation.ts'
import { followEvents } from '#server/events/follow-events.ts'
import { handleTrpc } from '#server/http/handle-trpc.ts'
import { type ScriptedWorker, scriptedWorker } from '#test/harness/scripted-worker.ts'
import { APP_URL, type Person, startTestServer, type TestServer, validRequest } from '#test/harness/server.ts'

describe('the event log', () => {
  let server: TestServer
  let worker: ScriptedWorker
  beforeAll(async () => {
    server = await startTestServer()
    worker = await scriptedWorker(server)
    await worker.hello()
  })
  afterAll(() => server.close())

  /** Follows until `isLast`; fails after a minute. */
  const collect = async (
    person: Person,
    lastEventId: string | null,
    isLast: (event: GenerationEvent) => boolean,
    deps = server.container.deps,
  ) => {
    const userId = (await person.api.session.me())?.id ?? ''
    const seen: { seq: string; event: GenerationEvent }[] = []
    for await (const each of followEvents(deps, { userId, lastEventId, signal: AbortSignal.timeout(60_000) })) {
      seen.push(each)
      if (isLast(each.event)) return seen
    }
    throw new Error(`Never came: ${seen.map(({ event }) => event.type).join(' ')}`)
  }
  const isDone = (event: GenerationEvent) => event.type === 'image' && event.image.status === 'done'
  const logged = (seen: { event: GenerationEvent }[]) => seen.map(({ event }) => event.type)

  it('tells a picture’s whole story in order, live, and the same again in a replay', async () => {
    const person = await server.signUp()
    const live = collect(person, '0', isDone)
    await person.api.generation.create(validRequest(server.model, { steps: 3 }))
    const job = await worker.claimOne()
    await worker.run(job)
    await worker.finish(job)
    const story = ['queued', 'started', 'step', 'step', 'step', 'image']
    // A position may be told more than once while it waits; the log itself says it once.
    expect(logged(await live).filter((type, at, all) => type !== 'queued' || all[at - 1] !== 'queued')).toEqual(story)
    const replay = await collect(person, '0', isDone)
    expect(logged(replay)).toEqual(story)
    expect(replay.map(({ seq }) => BigInt(seq))).toEqual(replay.map(({ seq }) => BigInt(seq)).toSorted())
    const afterTwo = await collect(person, replay[1]?.seq ?? '', isDone)
    expect(logged(afterTwo)).toEqual(story.slice(2))
  })

  it('carries real previews, and shows the latest one to someone who reloads mid-run', async () => {
    const person = await server.signUp()
    const { id } = await person.api.generation.create(validRequest(server.model))
    const job = await worker.claimOne()
    await worker.run(job, 2)
    const { images } = await person.api.generation.get({ id })
    expect(images[0]).toMatchObject({ status: 'running', step: 2, preview: { width: 1, height: 1, rgb: 'AgIC' } })
    await worker.finish(job)
  })

  it('loses nothing between the page of history and the subscription', async () => {
    const person = await server.signUp()
    const { lastEventId } = await person.api.generation.list({})
    await person.api.generation.create(validRequest(server.model))
    const seen = await collect(person, lastEventId, ({ type }) => type === 'queued')
    expect(seen.length).toBe(1)
    await worker.finish(await worker.claimOne())
  })

  it('arrives even where the notification got lost', async () => {
    const person = await server.signUp()
    const deaf = {
      ...server.container.deps,
      notifications: {
        ...server.container.deps.notifications,
        isListening: false,
        subscribe: () => ({ wait: (ms: number) => sleep(ms), close: () => {} }),
      },
    }
    const late = collect(person, '0', isDone, deaf)
    await sleep(100)
    await person.api.generation.create(validRequest(server.model))
    await worker.finish(await worker.claimOne())
    expect(logged(await late).at(-1)).toBe('image')
  })

  it('is the person’s own alone', async () => {
    const [ada, bob] = await Promise.all([server.signUp(), server.signUp()])
    const adas = await ada.api.generation.create(validRequest(server.model))
    await worker.finish(await worker.claimOne())
    const bobs = await bob.api.generation.create(validRequest(server.model))
    await worker.finish(await worker.claimOne())
    const seen = await collect(bob, '0', isDone)
    const ids = new Set(seen.map(({ event }) => ('generationId' in event ? event.generationId : '')))
    expect(ids).toEqual(new Set([bobs.id]))
    expect(ids.has(adas.id)).toBe(false)
  })

  it('tells those who wait when they move up', async () => {
    const [ada, bob] = await Promise.all([server.signUp(), server.signUp()])
    await ada.api.generation.create(validRequest(server.model))
    const { images } = await bob.api.generation.create(validRequest(server.model))
    expect(images[0]?.queuePosition).toBe(1)
    const moved = collect(bob, '0', (event) => event.type === 'queued' && event.queuePosition === 0)
    const job = await worker.claimOne()
    await moved
    await worker.finish(job)
    await worker.finish(await worker.claimOne())
  })

  it('commits one person’s events in the order of their numbers, however many workers report at once', async () => {
    const person = await server.signUp()
    const userId = (await person.api.session.me())?.id ?? ''
    await person.api.generation.create(validRequest(server.model, { count: 4, steps: 20 }))
    const jobs = await worker.claim(4)
    const stop = new AbortController()
    const seen: bigint[] = []
    const reader = (async () => {
      for await (const { seq, event } of followEvents(server.container.deps, {
        userId,
        lastEventId: '0',
        signal: stop.signal,
      })) {
        if (event.type !== 'queued') seen.push(BigInt(seq))
      }
    })()
    await Promise.all(jobs.map((job) => worker.run(job).then(() => worker.finish(job))))
    await expect.poll(() => seen.length).toBeGreaterThanOrEqual(4 * (1 + 20 + 1))
    stop.abort()
    await reader
    const inLog = await server.container.deps.db.generationEvent.findMany({
      where: { generation: { userId }, type: { not: 'queued' } },
      orderBy: { seq: 'asc' },
      select: { seq: true },
    })
    expect(seen).toEqual(inLog.map(({ seq }) => seq))
    expect(seen.length).toBe(4 * (1 + 20 + 1))
  })

  it('streams over HTTP as server-sent events with ids to resume from, and ends when the reader goes', async () => {
    const person = await server.signUp()
    const closed = new AbortController()
    const input = encodeURIComponent(JSON.stringify({ json: { lastEventId: '0' } }))
    const response = await handleTrpc(
      async () => server.container,
      new Request(`${APP_URL}/api/trpc/generation.events?input=${input}`, {
        headers: person.headers,
        signal: closed.signal,
      }),
    )
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    await person.api.generation.create(validRequest(server.model))
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    while (!/id: \d+/.test(text)) text += (await reader?.read())?.value ?? ''
    expect(text).toMatch(/event: connected/)
    expect(text).toMatch(/"type":"queued"/)
    closed.abort()
    let isOver = false
    while (!isOver) isOver = (await reader?.read().catch(() => ({ done: true })))?.done === true
    await worker.finish(await worker.claimOne())
  })

  it('ends every subscription when the web process stops', async () => {
    const second = await server.secondContainer()
    const person = await server.signUp()
    const response = await handleTrpc(
      async () => second,
      new Request(`${APP_URL}/api/trpc/generation.events?input=%7B%22json%22%3A%7B%7D%7D`, { headers: person.headers }),
    )
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    let text = (await reader?.read())?.value ?? ''
    expect(text).toMatch(/event: connected/)
    const closed = second.close()
    for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) text += part.value
    expect(text).toMatch(/event: return/)
    await closed
  })
})
