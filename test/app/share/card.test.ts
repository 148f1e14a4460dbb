import sharp from 'sharp'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CARD, renderCard } from '#app/share/card.tsx'
import { cardText } from '#app/share/card-text.ts'

const CASES: Record<string, string> = {
  plain: 'a panda eating tacos at the beach',
  long: 'a very long description of everything there is to see, '.repeat(90),
  'one endless word': 'x'.repeat(5_000),
  emoji: 'a 🐼 eating 🌮 at the 🏖️ with 👩‍👩‍👧‍👦',
  'only emoji': '🐼🌮🏖️',
  Arabic: 'باندا يأكل التاكو على الشاطئ',
  'mixed directions': 'panda باندا panda',
  Japanese: 'ビーチでタコスを食べるパンダ',
  markup: '<script>alert(1)</script> & "quotes"',
  newlines: 'one\n\ntwo\tthree',
  'marks without letters': '\u0301\u200d\u202e',
}

describe('cardText', () => {
  it('keeps what the font draws and drops emoji', () => {
    expect(cardText(CASES.plain ?? '')).toBe(CASES.plain)
    expect(cardText('a 🐼 eating 🌮')).toBe('a eating')
    expect(cardText('Привет, żółw und Größe')).toBe('Привет, żółw und Größe')
  })

  it('is null when too much would be missing, so that the card shows the picture alone', () => {
    for (const name of ['only emoji', 'Arabic', 'mixed directions', 'Japanese', 'marks without letters']) {
      expect(cardText(CASES[name] ?? ''), name).toBeNull()
    }
  })

  it('cuts at a word and says so', () => {
    const text = cardText(CASES.long ?? '') ?? ''
    expect(text.length).toBeLessThanOrEqual(180)
    expect(text).toMatch(/\w…$/)
  })
})

describe('renderCard', () => {
  const { fetch } = globalThis
  const asked: string[] = []
  beforeEach(() => {
    globalThis.fetch = (input, init) => {
      // The layout engine loads its WebAssembly from a data URL.
      if (String(input).startsWith('data:')) return fetch(input, init)
      asked.push(String(input))
      return Promise.reject(new TypeError('no network in this test'))
    }
  })
  afterEach(() => {
    globalThis.fetch = fetch
    expect(asked, 'drawing a card asked the network').toEqual([])
  })

  it.each(Object.keys(CASES))('draws 1200x630 without the network: %s', async (name) => {
    const red = { width: 128, height: 128, channels: 3, background: '#d02020' } as const
    const picture = new Uint8Array(await sharp({ create: red }).png().toBuffer())
    const card = await renderCard({ picture, width: 128, height: 128, prompt: CASES[name] ?? '' })
    const image = sharp(Buffer.from(card))
    expect(await image.metadata()).toMatchObject({ format: 'png', ...CARD })
    // The picture is really in it: red on the left where there are words, in the middle where it stands alone.
    const left = cardText(CASES[name] ?? '') === null ? 600 : 200
    const pixel = await image.extract({ left, top: 300, width: 1, height: 1 }).removeAlpha().raw().toBuffer()
    expect(pixel[0]).toBeGreaterThan(180)
    expect(pixel[1]).toBeLessThan(70)
  })

  it.each([
    [64, 256],
    [256, 64],
  ])('fits a picture of %i x %i', async (width, height) => {
    const picture = new Uint8Array(
      await sharp({ create: { width, height, channels: 3, background: '#2040d0' } })
        .png()
        .toBuffer(),
    )
    const card = await renderCard({ picture, width, height, prompt: 'a fox' })
    expect(await sharp(Buffer.from(card)).metadata()).toMatchObject(CARD)
  })
})
