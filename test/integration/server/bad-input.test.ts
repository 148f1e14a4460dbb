import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CreateGenerationRequest } from '#contracts/generation.ts'
import { SAMPLERS } from '#contracts/samplers.ts'
import { handleTrpc } from '#server/http/handle-trpc.ts'
import { expectError } from '#test/harness/expect-error.ts'
import { APP_URL, type Person, startTestServer, type TestServer, validRequest } from '#test/harness/server.ts'

describe('bad input', () => {
  let server: TestServer
  let person: Person
  beforeAll(async () => {
    server = await startTestServer()
    person = await server.signUp()
  })
  afterAll(() => server.close())

  const create = (changes: object) =>
    person.api.generation.create(validRequest(server.model, changes as Partial<CreateGenerationRequest>))

  it.each([
    ['an empty prompt', { prompt: '' }, /prompt: Write what you want to see/],
    ['a prompt of spaces', { prompt: ' \n\t ' }, /prompt: Write what you want to see/],
    ['a prompt of 10,000 characters', { prompt: 'x'.repeat(10_000) }, /prompt: A prompt has at most 5000 characters/],
    ['a NUL in the prompt', { prompt: 'a panda\u0000' }, /prompt: A prompt may not contain control characters/],
    ['an escape in the negative prompt', { negativePrompt: '\u001b[2J' }, /negativePrompt: .*control characters/],
    ['half a surrogate pair', { prompt: '\ud83d' }, /prompt: .*surrogate/],
    ['0 steps', { steps: 0 }, /steps: Steps are 1 to 150/],
    ['1000 steps', { steps: 1000 }, /steps: Steps are 1 to 150/],
    ['half a step', { steps: 2.5 }, /steps: /],
    ['a width not a multiple of 8', { width: 130 }, /width: Width and height are multiples of 8 pixels/],
    ['a size the model does not make', { width: 640, height: 64 }, /width, height: .* makes 256x256, not 640x64/],
    ['a huge size', { width: 1e9 }, /width: /],
    ['a sampler nobody knows', { sampler: 'dpm_magic' }, /Unknown sampler "dpm_magic"; known: .*ddim \(DDIM\)/],
    ['a schedule nobody knows', { schedule: 'bananas' }, /Unknown schedule "bananas"; known: .*automatic/],
    ['a seed below 0', { seed: -1 }, /seed: /],
    ['a seed past 32 bits', { seed: 2 ** 32 }, /seed: /],
    ['5 images', { count: 5 }, /count: /],
    ['a guidance of NaN', { guidanceScale: Number.NaN }, /guidanceScale: /],
    ['a strength of 0', { input: { uploadId: randomUUID(), strength: 0 } }, /strength: Strength is above 0/],
    ['a key that is no UUID', { idempotencyKey: 'again' }, /idempotencyKey: /],
    ['a field nobody knows', { nsfw: true }, /Unrecognized key.*nsfw/],
  ])('%s is refused with the rule, and nothing is queued or charged', async (_name, changes, rule) => {
    await expectError(create(changes), 'input.invalid', rule)
    expect((await person.api.session.me())?.allowance.used).toBe(0)
    expect((await person.api.generation.list({})).items).toEqual([])
  })

  it('lists every known sampler when one is unknown', async () => {
    const detail = await expectError(create({ sampler: 'nope' }), 'input.invalid')
    for (const id of Object.keys(SAMPLERS)) expect(detail).toContain(id)
  })

  it('names the installed models when one is not there', async () => {
    await expectError(
      create({ modelId: 'sdxl' }),
      'model.unavailable',
      new RegExp(`"sdxl"; installed: .*${server.model.id}`),
    )
  })

  it('does not know an upload that is not the person’s own', async () => {
    await expectError(create({ input: { uploadId: randomUUID(), strength: 0.5 } }), 'not-found')
  })

  it('refuses a tampered cursor, and a place in the log that is none', async () => {
    await expectError(
      person.api.generation.list({ cursor: 'AAAA.BBBB' }),
      'input.invalid',
      /cursor: not one this server gave/,
    )
    const follow = person.api.generation.events({ lastEventId: '1; DROP TABLE image' })
    await expectError(follow, 'input.invalid', /lastEventId: Not a place in the event log/)
  })

  it('answers over HTTP with the table’s status, words for people, and no stack', async () => {
    const post = (path: string, body: string) =>
      handleTrpc(
        async () => server.container,
        new Request(`${APP_URL}/api/trpc/${path}`, {
          method: 'POST',
          body,
          headers: { 'content-type': 'application/json', cookie: person.headers.get('cookie') ?? '' },
        }),
      )
    const refused = await post('generation.create', JSON.stringify({ json: validRequest(server.model, { steps: 0 }) }))
    expect(refused.status).toBe(400)
    const { error } = await refused.json()
    expect(error.json.data.dewpoint).toEqual({
      code: 'input.invalid',
      userMessage: 'Something in the request breaks a rule. The details say which.',
      retryable: false,
      detail: 'steps: Steps are 1 to 150',
    })
    expect(JSON.stringify(error)).not.toMatch(/\.ts:\d+/)

    expect((await post('generation.create', '{ not json')).status).toBe(400)
    expect((await post('generation.explode', '{"json":{}}')).status).toBe(404)
    expect((await post('generation.list', '{"json":{}}')).status).toBe(405)
  })
})
