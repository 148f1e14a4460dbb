// Texts out of JPEG, WebP, AVIF and PNG: both byte orders, every charset, XMP in its shapes, damage named.
import { describe, expect, test } from 'vitest'
import { encodeChunk, writePngText } from '#recipes/metadata/png.ts'
import { readTexts } from '#recipes/metadata/read-texts.ts'
import {
  asciiComment,
  avifWith,
  exifBlock,
  jpegWith,
  plainJpeg,
  plainPng,
  unicodeComment,
  webpWith,
  xmpPacket,
} from './files.ts'

const TEXT = 'a panda 🐼 eating “tacos”\nNegative prompt: blurry\nSteps: 20'

describe('EXIF UserComment', () => {
  test.each([
    ['le', 'le'],
    ['le', 'be'],
    ['be', 'le'],
    ['be', 'be'],
  ] as const)('in a %s file with %s text is read, in JPEG and in WebP', async (order, textOrder) => {
    const exif = exifBlock({ order, userComment: unicodeComment(TEXT, textOrder) })
    const expected = { entries: [{ key: 'exif:UserComment', text: TEXT }], problems: [] }
    expect(await readTexts(await jpegWith(exif))).toEqual({ format: 'jpeg', ...expected })
    expect(await readTexts(await webpWith(exif))).toEqual({ format: 'webp', ...expected })
  })

  test.each([
    ['ASCII', asciiComment('plain, with é in UTF-8'), 'plain, with é in UTF-8'],
    ['undefined', Buffer.concat([Buffer.alloc(8), Buffer.from('text')]), 'text'],
    ['none at all', Buffer.from('{"prompt": "a cat"}'), '{"prompt": "a cat"}'],
    ['Latin-1 bytes', Buffer.concat([Buffer.from('ASCII\0\0\0'), Buffer.from('caf\xe9', 'latin1')]), 'café'],
    [
      'a byte order mark',
      Buffer.concat([Buffer.from('UNICODE\0'), Buffer.from([0xfe, 0xff]), Buffer.from([0x6f, 0x22])]),
      '漢',
    ],
    ['text without ASCII', unicodeComment('漢字漢字', 'be'), '漢字漢字'],
    [
      'JIS',
      Buffer.concat([Buffer.from('JIS\0\0\0\0\0'), Buffer.from([0x1b, 0x24, 0x42, 0x46, 0x7c, 0x1b, 0x28, 0x42])]),
      '日',
    ],
  ])('with charset %s', async (_, userComment, text) => {
    const { entries } = await readTexts(await jpegWith(exifBlock({ order: 'be', userComment })))
    expect(entries).toEqual([{ key: 'exif:UserComment', text }])
  })

  test('comes with the other tags people hide prompts in', async () => {
    const tags = { 271: 'workflow:{}', 272: 'prompt:{"a":1}' }
    const { entries } = await readTexts(
      await jpegWith(exifBlock({ order: 'le', tags, userComment: asciiComment('x') })),
    )
    expect(Object.fromEntries(entries.map(({ key, text }) => [key, text]))).toEqual({
      'exif:Make': 'workflow:{}',
      'exif:Model': 'prompt:{"a":1}',
      'exif:UserComment': 'x',
    })
  })

  test('stands in PNG eXIf chunks too', async () => {
    const chunk = encodeChunk('eXIf', exifBlock({ order: 'be', userComment: asciiComment('from eXIf') }))
    const png = Buffer.concat([plainPng.subarray(0, 33), chunk, plainPng.subarray(33)])
    expect((await readTexts(png)).entries).toEqual([{ key: 'exif:UserComment', text: 'from eXIf' }])
  })
})

describe('XMP', () => {
  const alternatives =
    '<exif:UserComment><rdf:Alt><rdf:li xml:lang="x-default">{&quot;c&quot;:&quot;a &lt;b&gt; &amp; &#x1F43C;&#233;&quot;}</rdf:li></rdf:Alt></exif:UserComment>'
  const text = '{"c":"a <b> & 🐼é"}'

  test.each([
    ['language alternatives', alternatives, text],
    ['a plain element', '<exif:UserComment>a &amp; b</exif:UserComment>', 'a & b'],
  ])('as %s', async (_, inside, expected) => {
    const { entries } = await readTexts(await jpegWith(null, xmpPacket(inside)))
    expect(entries).toEqual([{ key: 'xmp:exif:UserComment', text: expected }])
    const png = writePngText(plainPng, [{ keyword: 'XML:com.adobe.xmp', text: xmpPacket(inside) }])
    expect((await readTexts(png)).entries).toEqual([{ key: 'xmp:exif:UserComment', text: expected }])
  })

  test('as an attribute', async () => {
    const packet = xmpPacket('').replace('rdf:about=""', 'rdf:about="" exif:UserComment="a &quot;b&quot;"')
    expect((await readTexts(await jpegWith(null, packet))).entries).toEqual([
      { key: 'xmp:exif:UserComment', text: 'a "b"' },
    ])
  })

  test('AVIF gives both its EXIF and its XMP', async () => {
    const { format, entries, problems } = await readTexts(await avifWith('a panda', xmpPacket(alternatives)))
    expect({ format, problems }).toEqual({ format: 'avif', problems: [] })
    expect(Object.fromEntries(entries.map((entry) => [entry.key, entry.text]))).toMatchObject({
      'exif:UserComment': 'a panda',
      'xmp:exif:UserComment': text,
    })
  })
})

describe('files that are something else, or broken', () => {
  test('say so', async () => {
    expect((await readTexts(Buffer.from([0, 1, 2, 3]))).problems).toEqual([
      expect.stringContaining('no PNG, JPEG, WebP or AVIF'),
    ])
    expect((await readTexts(new Uint8Array(0))).format).toBeUndefined()
    expect(await readTexts(Buffer.from('Steps: 20'))).toMatchObject({
      format: 'text',
      entries: [{ key: 'file', text: 'Steps: 20' }],
    })
    expect((await readTexts(plainJpeg.subarray(0, 30))).problems).toEqual([expect.stringContaining('cut off')])
    expect((await readTexts(plainJpeg)).problems).toEqual([])
  })

  test('an EXIF value that points outside is named, the others are read', async () => {
    const exif = exifBlock({ order: 'be', tags: { 271: 'a maker of cameras' }, userComment: asciiComment('hidden') })
    const { entries, problems } = await readTexts(await jpegWith(exif.subarray(0, exif.length - 4)))
    expect(entries).toEqual([{ key: 'exif:Make', text: 'a maker of cameras' }])
    expect(problems).toEqual(['The EXIF UserComment is cut off'])
  })

  test('a directory that points at itself is read once', async () => {
    const exif = exifBlock({ order: 'be', userComment: asciiComment('x') })
    // The Exif pointer is the last entry of the first directory.
    exif.writeUInt32BE(8, 8 + 2 + 8)
    expect((await readTexts(await jpegWith(exif))).entries).toEqual([])
  })
})
