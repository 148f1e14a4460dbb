import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { recipeSchema } from '#contracts/recipe.ts'
import { canonicalJson } from '#recipes/hash.ts'
import { imageRecipe } from '#recipes/image-recipe.ts'
import { readPngText } from '#recipes/metadata/png.ts'
import { type GatewayServer, startGatewayServer } from '#test/harness/gateway-server.ts'
import { type RealWorker, startRealWorker } from '#test/harness/real-worker.ts'
import { startTestServer, type TestServer, validRequest } from '#test/harness/server.ts'
import { readPicture, waitForImage } from './pictures.ts'

describe('a real worker on the real gateway', () => {
  let server: TestServer
  let gateway: GatewayServer
  const workers: RealWorker[] = []
  const startWorker = async (env: Record<string, string> = {}, options?: { ready: boolean }) => {
    const worker = await startRealWorker(
      { GATEWAY_URL: gateway.url, WORKER_TOKEN: server.env.WORKER_TOKEN, ...env },
      options,
    )
    workers.push(worker)
    return worker
  }
  beforeAll(async () => {
    server = await startTestServer()
    gateway = await startGatewayServer(server)
  })
  afterEach(async () => {
    for (const worker of workers.splice(0)) {
      worker.kill('SIGKILL')
      await worker.ended
    }
  })
  afterAll(async () => {
    await gateway.close()
    await server.close()
  })

  it('makes a queued picture, reports its steps, and leaves a PNG that carries its recipe', async () => {
    const person = await server.signUp()
    await startWorker()
    const created = await person.api.generation.create(validRequest(server.model, { steps: 12, seed: 99 }))
    const image = await waitForImage(person, created.id, 0, 'done')
    expect(image).toMatchObject({ step: 12, steps: 12, error: null })

    const png = await readPicture(server, person, image)
    expect(createHash('sha256').update(png).digest('hex')).toMatch(/^[0-9a-f]{64}$/)
    const { entries } = await readPngText(png)
    const recipe = imageRecipe(recipeSchema.parse(created.recipe), 0)
    expect(entries.find(({ keyword }) => keyword === 'dewpoint')?.text).toBe(canonicalJson(recipe))
    expect(entries.find(({ keyword }) => keyword === 'parameters')?.text).toContain('Steps: 12')
    expect(entries.find(({ keyword }) => keyword === 'parameters')?.text).toContain('Seed: 99')
  })

  it('makes the same bytes from the same recipe, alone or beside others', async () => {
    const person = await server.signUp()
    await startWorker()
    const request = { steps: 6, seed: 5 }
    const alone = await person.api.generation.create(validRequest(server.model, request))
    const first = await readPicture(server, person, await waitForImage(person, alone.id, 0, 'done'))
    const [again] = await Promise.all([
      person.api.generation.create(validRequest(server.model, request)),
      person.api.generation.create(validRequest(server.model, { steps: 9, seed: 1_000, count: 3 })),
    ])
    const second = await readPicture(server, person, await waitForImage(person, again.id, 0, 'done'))
    expect(Buffer.from(second).equals(Buffer.from(first))).toBe(true)
  })

  it('stops a canceled picture within a step and goes on with the next', async () => {
    const person = await server.signUp()
    const worker = await startWorker()
    const long = await person.api.generation.create(validRequest(server.model, { steps: 150 }))
    await waitForImage(person, long.id, 0, 'running', (image) => image.step > 2)
    await person.api.generation.cancel({ id: long.id })
    await worker.logged('"msg":"job dropped"')
    const stoppedAt = (await person.api.generation.get({ id: long.id })).images[0]
    expect(stoppedAt?.status).toBe('canceled')
    expect(stoppedAt?.step).toBeLessThan(150)
    const next = await person.api.generation.create(validRequest(server.model, { steps: 1 }))
    await waitForImage(person, next.id, 0, 'done')
  })

  it('finishes what it began when told to stop, claims no more, and exits with 0', async () => {
    const person = await server.signUp()
    const worker = await startWorker({ DRAIN_TIMEOUT_MS: '120000' })
    const begun = await person.api.generation.create(validRequest(server.model, { steps: 30 }))
    await waitForImage(person, begun.id, 0, 'running', (image) => image.step > 0)
    worker.kill('SIGTERM')
    await worker.logged('"msg":"draining"')
    const late = await person.api.generation.create(validRequest(server.model, { steps: 1 }))
    expect(await worker.ended).toBe(0)
    expect((await person.api.generation.get({ id: begun.id })).images[0]?.status).toBe('done')
    expect((await person.api.generation.get({ id: late.id })).images[0]?.status).toBe('queued')
    await person.api.generation.cancel({ id: late.id })
  })

  it('gives back what it cannot finish within its drain bound, without counting it as a failure', async () => {
    const person = await server.signUp()
    const worker = await startWorker({ DRAIN_TIMEOUT_MS: '200' })
    const long = await person.api.generation.create(validRequest(server.model, { steps: 150 }))
    await waitForImage(person, long.id, 0, 'running', (image) => image.step > 0)
    worker.kill('SIGTERM')
    expect(await worker.ended).toBe(0)
    expect(worker.log()).toContain('"msg":"job given back"')
    const [row] = await server.container.deps.db.image.findMany({ where: { generationId: long.id } })
    expect(row).toMatchObject({ status: 'queued', failures: 0, attempt: 1 })
    await person.api.generation.cancel({ id: long.id })
  })

  it('ends at once on the second signal', async () => {
    const person = await server.signUp()
    const worker = await startWorker()
    const long = await person.api.generation.create(validRequest(server.model, { steps: 150 }))
    await waitForImage(person, long.id, 0, 'running', (image) => image.step > 0)
    worker.kill('SIGTERM')
    await worker.logged('"msg":"draining"')
    // Sooner would pass for the same Ctrl-C, arriving twice.
    await sleep(600)
    worker.kill('SIGTERM')
    expect(await worker.ended).toBe('SIGKILL')
    await person.api.generation.cancel({ id: long.id })
  })

  it('refuses to start with a token the website does not know, and says so', async () => {
    const worker = await startWorker({ WORKER_TOKEN: 'x'.repeat(40) }, { ready: false })
    expect(await worker.ended).toBe(1)
    expect(worker.log()).toContain('The website refused the worker token')
  })

  it('refuses to start on CUDA where there is none, instead of falling back to the CPU', async () => {
    const worker = await startWorker({ EXECUTION_PROVIDER: 'cuda' }, { ready: false })
    expect(await worker.ended).toBe(1)
    expect(worker.log()).toContain('on cuda')
    expect(worker.log()).not.toContain('"msg":"ready"')
  })

  it('refuses plain http to another machine, since the token would travel in the clear', async () => {
    const worker = await startWorker({ GATEWAY_URL: 'http://dewpoint.example' }, { ready: false })
    expect(await worker.ended).toBe(1)
    expect(worker.log()).toContain('GATEWAY_URL')
  })

  it('answers its probes: alive and ready while it works, not ready before the website knows it', async () => {
    await gateway.down()
    const port = await freePort()
    const worker = await startWorker({ HEALTH_PORT: String(port) }, { ready: false })
    try {
      await expect.poll(() => status(port, '/healthz')).toBe(200)
      expect(await status(port, '/readyz')).toBe(503)
    } finally {
      await gateway.up()
    }
    await worker.logged('"msg":"ready"')
    expect(await status(port, '/readyz')).toBe(200)
  })
})

const status = (port: number, path: string) =>
  fetch(`http://127.0.0.1:${port}${path}`).then(
    (response) => response.status,
    () => 0,
  )

async function freePort(): Promise<number> {
  const { freePort: find } = await import('../../../scripts/lib/free-port.ts')
  return (await find(0)) ?? 0
}
