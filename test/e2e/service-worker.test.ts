// The real service worker over a site of three answers, which can be taken to its next release in the middle of a test.
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { useBrowsers } from '#test/harness/browser.ts'

interface Site {
  readonly url: string
  readonly server: Server
  release: number
}

const MODEL_FILE = '/api/models/dewpoint/dewpoint.json?model=abc'

async function startSite(): Promise<Site> {
  const source = await readFile('app/offline/service-worker.js', 'utf8')
  const server = createServer((request, response) => {
    const { release } = site
    const path = request.url ?? '/'
    const answer = (type: string, body: string) => response.writeHead(200, { 'content-type': type }).end(body)
    if (path === '/sw.js') {
      const head = `const RELEASE = 'r${release}'\nconst ASSETS = ['/_next/static/r${release}.js', '/_next/static/lazy-r${release}.js']\n`
      return answer('text/javascript', head + source)
    }
    if (['/', '/storage', '/history', '/g/offline'].includes(path))
      return answer(
        'text/html',
        `<title>release ${release}</title><script src="/_next/static/r${release}.js"></script>`,
      )
    // Only the files of the release that is out.
    if (path === `/_next/static/r${release}.js` || path === `/_next/static/lazy-r${release}.js`)
      return answer('text/javascript', `globalThis.loaded = 'r${release}'`)
    if (path === MODEL_FILE) return answer('application/json', '{}')
    if (path.startsWith('/api/'))
      return answer('application/json', JSON.stringify({ of: request.headers.cookie ?? 'nobody' }))
    response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  const site: Site = { server, release: 1, url: `http://localhost:${(server.address() as AddressInfo).port}` }
  return site
}

const register = (page: Page) =>
  page.evaluate(async () => {
    await navigator.serviceWorker.register('/sw.js', { scope: '/', updateViaCache: 'none' })
    await navigator.serviceWorker.ready
    if (navigator.serviceWorker.controller === null)
      await new Promise((resolve) => navigator.serviceWorker.addEventListener('controllerchange', resolve))
  })
const kept = (page: Page) =>
  page.evaluate(async () => {
    const all: string[] = []
    for (const name of await caches.keys())
      for (const { url } of await (await caches.open(name)).keys())
        all.push(new URL(url).pathname + new URL(url).search)
    return all.sort()
  })
const read = (page: Page, path: string) =>
  page.evaluate(
    (address) =>
      fetch(address).then(
        (response) => response.text(),
        () => 'no answer',
      ),
    path,
  )

describe('the service worker', () => {
  let site: Site
  beforeAll(async () => {
    site = await startSite()
  })
  afterAll(() => site?.server.close())
  const browsers = useBrowsers(() => site?.url ?? '')

  it('keeps the program and the pages’ frames, and nothing that is anybody’s', async () => {
    site.release = 1
    browsers.expectConsole(/ERR_INTERNET_DISCONNECTED|404/)
    const page = await browsers.visitor()
    await page.goto('/')
    await page.evaluate(() => {
      // biome-ignore lint/suspicious/noDocumentCookie: a session, as the server would set one
      document.cookie = 'session=ana'
    })
    await register(page)
    expect(await read(page, '/api/trpc/generation.list')).toContain('ana')
    expect(await read(page, '/api/images/1')).toContain('ana')
    await read(page, MODEL_FILE)
    expect(await kept(page)).toEqual(
      ['/', '/g/offline', MODEL_FILE, '/_next/static/lazy-r1.js', '/_next/static/r1.js', '/history', '/storage'].sort(),
    )

    await page.context().setOffline(true)
    await page.reload()
    expect(await page.title()).toBe('release 1')
    expect(await page.evaluate('loaded')).toBe('r1')
    expect(await read(page, MODEL_FILE)).toBe('{}')
    expect(await read(page, '/api/images/1')).toBe('no answer')
    for (const path of ['/storage', '/g/11111111-1111-4111-8111-111111111111']) {
      await page.goto(path)
      expect(await page.title()).toBe('release 1')
    }
  })

  it('never stands between a visitor and a new release, and lets an open page of the old one keep its scripts', async () => {
    site.release = 1
    browsers.expectConsole(/ERR_INTERNET_DISCONNECTED|404/)
    const old = await browsers.visitor()
    await old.goto('/')
    await register(old)
    site.release = 2

    const page = await old.context().newPage()
    await page.goto('/')
    expect(await page.title()).toBe('release 2')
    expect(await page.evaluate('loaded')).toBe('r2')
    // The old page loads a part of itself that the server does not have any more.
    expect(await read(old, '/_next/static/lazy-r1.js')).toContain('r1')

    await page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.update())
    await expect
      .poll(() => page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.waiting?.state))
      .toBe('installed')
    expect(await kept(page)).toContain('/_next/static/lazy-r1.js')
    // Once the last page of the old release is gone, so is what it needed.
    await old.goto('about:blank')
    await page.goto('about:blank')
    const later = await old.context().newPage()
    await later.goto('/')
    await expect.poll(() => kept(later)).not.toContain('/_next/static/lazy-r1.js')
    expect(await kept(later)).toContain('/_next/static/lazy-r2.js')
    await later.context().setOffline(true)
    await later.reload()
    expect(await later.title()).toBe('release 2')
  })
})
