// A person's API over real HTTP, for tests and benchmarks that need no page: signs in as a guest and keeps the cookies.
import { setTimeout as sleep } from 'node:timers/promises'
import { createTRPCClient, httpLink } from '@trpc/client'
import type { Page } from 'playwright'
import superjson from 'superjson'
import type { CreateGenerationRequest } from '#contracts/generation.ts'
import type { AppRouter } from '#server/trpc/router.ts'

export async function guestClient(url: string) {
  const response = await fetch(new URL('/api/auth/sign-in/anonymous', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: new URL(url).origin },
    body: '{}',
  })
  if (!response.ok) throw new Error(`Signing in as a guest: ${response.status} ${await response.text()}`)
  const cookie = response.headers
    .getSetCookie()
    .map((one) => one.split(';')[0])
    .join('; ')
  return clientWith(url, cookie)
}

/** The API as whoever a browser's page is signed in as. */
export async function clientOf(page: Page) {
  const cookies = await page.context().cookies()
  return clientWith(page.url(), cookies.map(({ name, value }) => `${name}=${value}`).join('; '))
}

function clientWith(url: string, cookie: string) {
  const api = createTRPCClient<AppRouter>({
    links: [httpLink({ url: new URL('/api/trpc', url).href, transformer: superjson, headers: { cookie } })],
  })
  return { api, cookie }
}

/** A request the first model accepts; every call is another click. */
export async function anyRequest({ api }: GuestClient, changes: Partial<CreateGenerationRequest> = {}) {
  const [model] = await api.model.list.query()
  const [size] = model?.sizes ?? []
  if (model === undefined || size === undefined) throw new Error('No model is installed')
  return {
    idempotencyKey: crypto.randomUUID(),
    modelId: model.id,
    prompt: 'a fox in the forest',
    negativePrompt: '',
    seed: 7,
    count: 1,
    ...size,
    ...model.defaults,
    ...changes,
  }
}

export type GuestClient = ReturnType<typeof clientWith>

/** Polls until every image of the generation is done; throws when one fails. */
export async function waitUntilDone({ api }: GuestClient, generationId: string, timeoutMs = 120_000) {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const generation = await api.generation.get.query({ id: generationId })
    if (generation.images.every(({ status }) => status === 'done')) return generation
    const bad = generation.images.find(({ status }) => status === 'failed' || status === 'canceled')
    if (bad !== undefined || Date.now() > deadline)
      throw new Error(`Generation ${generationId}: ${JSON.stringify(generation.images)}`)
    await sleep(100)
  }
}
