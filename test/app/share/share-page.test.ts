import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { Html, html } from '#app/share/html.ts'
import { etagOf, matches, PAGE_POLICY } from '#app/share/share-headers.ts'
import { shareGonePage, sharePage, shorten } from '#app/share/share-page.ts'
import type { SharedImage } from '#contracts/api.ts'

const shared: SharedImage = {
  slug: 'abcdefghijklmnopqrstuvwx',
  prompt: 'a panda eating tacos at the beach',
  negativePrompt: '',
  modelName: 'Dewpoint',
  seed: 7,
  steps: 25,
  sampler: 'DDIM',
  guidanceScale: 4,
  width: 128,
  height: 128,
  thumbhash: null,
  madeOn: 'server',
  createdAt: new Date('2026-11-23T18:00:00Z'),
}
const page = (change: Partial<SharedImage> = {}): string =>
  sharePage({ ...shared, ...change }, { appUrl: 'https://dewpoint.example' })

describe('html', () => {
  it('escapes what is put in and keeps what is HTML already', () => {
    const nasty = '<script>alert("1")</script> & \'so on\''
    expect(html`<p title="${nasty}">${new Html('<b>ok</b>')}${null}${3}</p>`.text).toBe(
      '<p title="&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;so on&#39;"><b>ok</b>3</p>',
    )
  })

  it('joins lists', () => {
    expect(html`<ul>${['a', '<'].map((one) => html`<li>${one}</li>`)}</ul>`.text).toBe(
      '<ul><li>a</li><li>&lt;</li></ul>',
    )
  })
})

describe('shorten', () => {
  it('leaves short text alone, flattened to one line', () => {
    expect(shorten('a fox\n in  the forest ', 70)).toBe('a fox in the forest')
  })

  it('cuts long text at a word', () => {
    expect(shorten('one two three four five', 15)).toBe('one two three…')
  })

  it('cuts a word without spaces where it must, never through a surrogate pair', () => {
    const cut = shorten('🐼'.repeat(100), 10)
    expect([...cut]).toHaveLength(10)
    expect(cut.isWellFormed()).toBe(true)
  })
})

describe('the share page', () => {
  it('says where the picture was made', () => {
    expect(page()).toContain('<dt>Made on</dt><dd dir="auto">the server</dd>')
    expect(page({ madeOn: 'device' })).toContain('<dt>Made on</dt><dd dir="auto">the visitor’s device</dd>')
  })

  it('carries what social cards read, with absolute addresses', () => {
    const url = 'https://dewpoint.example/i/abcdefghijklmnopqrstuvwx'
    for (const tag of [
      `<meta property="og:image" content="${url}/card.png">`,
      '<meta property="og:image:width" content="1200">',
      '<meta property="og:image:height" content="630">',
      '<meta name="twitter:card" content="summary_large_image">',
      `<meta name="twitter:image" content="${url}/card.png">`,
      `<link rel="canonical" href="${url}">`,
    ]) {
      expect(page()).toContain(tag)
    }
  })

  it('cannot be broken by a prompt', () => {
    const text = page({ prompt: '"><img src=x onerror=alert(1)> </title><script>x</script>' })
    expect(text).not.toContain('<img src=x')
    expect(text).not.toContain('<script')
    expect(text.match(/<\/title>/g)).toHaveLength(1)
  })

  it('has no script, and no style its policy does not name', () => {
    const style = /<style>([\s\S]*?)<\/style>/.exec(page())?.[1] ?? ''
    expect(PAGE_POLICY).toContain(`'sha256-${createHash('sha256').update(style).digest('base64')}'`)
    expect(page()).not.toMatch(/<script| style="| on[a-z]+="/)
    expect(PAGE_POLICY).not.toContain('script-src')
  })

  it('hands the whole prompt to the Studio', () => {
    const prompt = 'tacos & "salsa" #1?'
    const href = /href="(\/\?prompt=[^"]*)"/.exec(page({ prompt }))?.[1] ?? ''
    expect(new URL(href, 'https://x').searchParams.get('prompt')).toBe(prompt)
  })

  it('says the same for a link that ended as for one that never was', () => {
    expect(shareGonePage()).toContain('This link no longer works')
  })
})

describe('matches', () => {
  const request = (value?: string): Request =>
    new Request('https://x', value === undefined ? {} : { headers: { 'if-none-match': value } })

  it('reads If-None-Match as a list of strong or weak tags, or a star', () => {
    const etag = etagOf('a')
    expect(matches(request(), etag)).toBe(false)
    expect(matches(request('"other"'), etag)).toBe(false)
    expect(matches(request(`"other", W/${etag}`), etag)).toBe(true)
    expect(matches(request('*'), etag)).toBe(true)
  })
})
