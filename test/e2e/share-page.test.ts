// What strangers and robots get for a shared link: everything without JavaScript, nothing after it was taken back.
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { useBrowsers } from '#test/harness/browser.ts'
import type { TestStack } from '#test/harness/stack.ts'
import { startE2eStack } from './start-stack.ts'

// Quotes, tags, right-to-left, emoji and more words than a card holds.
const PROMPT = `a "panda" & <b>fox</b> 🐼 باندا ${'eating tacos at the beach '.repeat(20)}`.trim()

describe('the share page', () => {
  let stack: TestStack
  let link: string
  const browsers = useBrowsers(() => stack.url)
  beforeAll(async () => {
    stack = await startE2eStack()
  })
  afterAll(() => stack?.stop())

  it('shows the picture and the words to anyone, without JavaScript', async () => {
    const owner = await browsers.visitor()
    await owner.goto('/')
    await owner.getByRole('textbox', { name: 'Prompt', exact: true }).fill(PROMPT)
    await owner.getByRole('button', { name: /^Generate/ }).click()
    const card = owner.getByRole('article').first()
    await card.getByRole('button', { name: 'Share' }).click()
    await owner.getByRole('button', { name: 'Make link' }).click()
    link = await owner.getByRole('textbox', { name: 'Link' }).inputValue()

    const page = await browsers.visitor({ javaScriptEnabled: false })
    const response = await page.goto(link)
    expect(response?.status()).toBe(200)
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe(PROMPT)
    await expect
      .poll(() => page.locator('figure img').evaluate((image) => (image as HTMLImageElement).naturalWidth))
      .toBeGreaterThan(0)
    expect(response?.headers()['set-cookie']).toBeUndefined()
    expect(response?.headers()['content-security-policy']).toContain("default-src 'none'")
    // The style sheet really applied, so its hash is the one in the policy.
    expect(await page.locator('header').evaluate((element) => getComputedStyle(element).display)).toBe('flex')
  })

  it('hands the prompt to the Studio', async () => {
    const page = await browsers.visitor()
    await page.goto(link)
    await page.getByRole('link', { name: 'Use this prompt' }).click()
    await expect.poll(() => page.getByRole('textbox', { name: 'Prompt', exact: true }).inputValue()).toBe(PROMPT)
    // Taken over once: it is the person's own draft now.
    await expect.poll(() => new URL(page.url()).search).toBe('')
  })

  it('gives social cards absolute addresses that answer with a 1200x630 PNG', async () => {
    const html = await (await fetch(link)).text()
    const url = /<meta property="og:image" content="([^"]+)">/.exec(html)?.[1] ?? ''
    expect(new URL(url).origin).toBe(new URL(link).origin)
    const response = await fetch(url)
    expect(response.headers.get('content-type')).toBe('image/png')
    const image = await sharp(Buffer.from(await response.arrayBuffer())).metadata()
    expect([image.width, image.height]).toEqual([1200, 630])
  })

  it('lets caches keep a copy and makes them ask before every use', async () => {
    for (const address of [link, `${link}/image.png`, `${link}/card.png`]) {
      const first = await fetch(address)
      await first.arrayBuffer()
      expect(first.headers.get('cache-control'), address).toBe('public, no-cache')
      const again = await fetch(address, { headers: { 'if-none-match': first.headers.get('etag') ?? '' } })
      expect(again.status, address).toBe(304)
      expect((await again.arrayBuffer()).byteLength).toBe(0)
    }
  })

  it('is gone everywhere at once when the link is removed, whatever a cache holds', async () => {
    const etags = await Promise.all(
      ['', '/image.png', '/card.png'].map(async (path) => (await fetch(link + path)).headers.get('etag') ?? ''),
    )
    const owner = await browsers.visitor()
    await owner.goto('/')
    await owner.getByRole('textbox', { name: 'Prompt', exact: true }).fill('a fox')
    await owner.getByRole('button', { name: /^Generate/ }).click()
    const card = owner.getByRole('article', { name: 'a fox', exact: true })
    await card.getByRole('button', { name: 'Share' }).click()
    await owner.getByRole('button', { name: 'Make link' }).click()
    const mine = await owner.getByRole('textbox', { name: 'Link' }).inputValue()
    expect((await fetch(mine)).status).toBe(200)
    await owner.getByRole('button', { name: 'Remove link' }).click()
    await owner.getByRole('button', { name: 'Make link' }).waitFor()
    for (const path of ['', '/image.png', '/card.png']) {
      const gone = await fetch(mine + path, { headers: { 'if-none-match': '*' } })
      expect(gone.status, path).toBe(404)
      expect(gone.headers.get('cache-control')).toBe('no-store')
    }
    // Another's link is another's.
    for (const [at, path] of ['', '/image.png', '/card.png'].entries()) {
      expect((await fetch(link + path, { headers: { 'if-none-match': etags[at] ?? '' } })).status).toBe(304)
    }
  })

  it('says in words that a link does not work', async () => {
    browsers.expectConsole(/status of 404/)
    const page = await browsers.visitor({ javaScriptEnabled: false })
    for (const slug of ['nothing', 'x'.repeat(24), '%F0%9F%90%BC', 'a'.repeat(2_000)]) {
      expect((await page.goto(`/i/${slug}`))?.status(), slug).toBe(404)
      expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('This link no longer works')
    }
  })
})
