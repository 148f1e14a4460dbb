// Cross-origin isolation per route (docs/decisions/0013), and the browser engine's files as the website serves them.
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ENGINE_FILES } from '#app/device/engine/generated/engine-files.ts'
import type { FromEngine, ToEngine } from '#app/device/engine/messages.ts'
import { modelManifestSchema } from '#contracts/model-manifest.ts'
import { recipeSchema } from '#contracts/recipe.ts'
import { useBrowsers } from '#test/harness/browser.ts'
import type { TestStack } from '#test/harness/stack.ts'
import { startE2eStack } from './start-stack.ts'

let stack: TestStack
beforeAll(async () => {
  stack = await startE2eStack({ workers: 0 })
})
afterAll(() => stack?.stop())

describe('cross-origin isolation', () => {
  const browsers = useBrowsers(() => stack?.url ?? '')
  const head = async (path: string) => (await fetch(`${stack.url}${path}`, { redirect: 'manual' })).headers

  it.each(['/', '/history', '/sign-in', '/account'])('is on the app page %s', async (path) => {
    const headers = await head(path)
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin')
    expect(headers.get('cross-origin-embedder-policy')).toBe('require-corp')
  })

  it.each(['/i/nothing', '/api/images/nothing', '/icon.svg'])('is not on %s', async (path) => {
    expect((await head(path)).get('cross-origin-embedder-policy')).toBeNull()
  })

  it('gives the Studio shared memory, also to somebody who walked there from History', async () => {
    const page = await browsers.visitor()
    await page.goto('/history')
    await page.evaluate(() => Object.assign(window, { sameDocument: true }))
    await page.getByRole('link', { name: 'Studio' }).first().click()
    await page.waitForURL('/')
    expect(await page.evaluate(() => [crossOriginIsolated, 'sameDocument' in window])).toEqual([true, true])
  })

  it('lets the Studio upload to the bucket, which is another origin', async () => {
    const page = await browsers.visitor()
    await page.goto('/')
    const bucket = new URL(stack.env.S3_ENDPOINT ?? '').origin
    expect(bucket).not.toBe(new URL(stack.url).origin)
    // Refused by its signature and not by the browser: the answer can be read.
    browsers.expectConsole(/40[0-9]/)
    const status = await page.evaluate(
      async (url) => (await fetch(url, { method: 'PUT', body: 'x' })).status,
      `${bucket}/dewpoint/nothing`,
    )
    expect(status).toBeGreaterThanOrEqual(400)
  })
})

describe('the engine’s files', () => {
  const browsers = useBrowsers(() => stack?.url ?? '')

  it.each([
    ['br', 5e6],
    ['gzip', 7e6],
    ['identity', 3e7],
  ])('come compressed as %s when they were built, kept for good', async (encoding, atMost) => {
    const url = `${stack.url}${ENGINE_FILES.ort}ort-wasm-simd-threaded.asyncify.wasm`
    const { headers, body } = await fetch(url, { headers: { 'accept-encoding': encoding } })
    await body?.cancel()
    expect(headers.get('content-encoding') ?? 'identity').toBe(encoding)
    expect(Number(headers.get('content-length'))).toBeLessThan(atMost)
    expect(headers.get('content-type')).toBe('application/wasm')
    expect(headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect(headers.get('vary')).toContain('accept-encoding')
  })

  it('are those of the build and nothing beside them', async () => {
    const [folder] = ENGINE_FILES.worker.split('/').slice(-2)
    for (const path of [
      `${folder}/..%2f..%2fpackage.json`,
      `${folder}/engine-worker.js.br`,
      'ort-0000000000000000/x.js',
    ]) {
      expect((await fetch(`${stack.url}/api/engine/${path}`)).status).toBe(404)
    }
  })

  it('make a picture from the Studio’s own origin, under its policy, on threads, without a worker of ours', async () => {
    const manifest = modelManifestSchema.parse(JSON.parse(await readFile('models/dewpoint/dewpoint.json', 'utf8')))
    const recipe = recipeSchema.parse({
      version: 1,
      model: { id: manifest.id, hash: manifest.hash },
      prompt: 'a fox in the forest',
      negativePrompt: '',
      seed: 1,
      count: 1,
      ...manifest.sizes[0],
      ...manifest.defaults,
      steps: 2,
      noise: 'philox',
    })
    const page = await browsers.visitor()
    await page.goto('/')
    const answers = await page.evaluate(
      async ({ files, calls }) => {
        const worker = new Worker(files.worker, { type: 'module' })
        const say = (message: ToEngine) => worker.postMessage(message)
        say({
          type: 'start',
          settings: { ortUrl: `${location.origin}${files.ort}`, provider: undefined, stallTimeoutMs: 20_000 },
        })
        const results: unknown[] = []
        for (const [key, call] of calls.entries()) {
          const done = new Promise<FromEngine>((resolve) => {
            worker.onmessage = ({ data }) => data.type !== 'event' && resolve(data)
          })
          say({ type: 'call', key, call })
          const answer = await done
          if (answer.type !== 'done') throw new Error(JSON.stringify(answer))
          const { result } = answer
          results.push(result !== undefined && result !== null && 'png' in result ? result.png.length : result)
        }
        worker.terminate()
        return results
      },
      {
        files: ENGINE_FILES,
        calls: [
          { name: 'assess', args: { model: manifest } },
          { name: 'generate', args: { model: manifest, recipe, input: undefined, mask: undefined } },
        ] satisfies Extract<ToEngine, { type: 'call' }>['call'][],
      },
    )
    expect(answers[0]).toMatchObject({ kind: 'fits', provider: 'wasm', keepsWeights: true })
    expect((answers[0] as { threads: number }).threads).toBeGreaterThan(1)
    expect(answers[1]).toBeGreaterThan(10_000)
  })
})
