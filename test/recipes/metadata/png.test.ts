// PNG text: what others write is read, what we write others read, and damage is named instead of believed.
import { deflateSync, crc32 as nodeCrc32 } from 'node:zlib'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { crc32 } from '#recipes/metadata/crc32.ts'
import { METADATA_ENTRIES_MAX, METADATA_TEXT_MAX_BYTES } from '#recipes/metadata/limits.ts'
import { encodeChunk, pngChunks, readPngText, writePngText } from '#recipes/metadata/png.ts'
import { startWorkClock } from '#test/harness/effort.ts'

const picture = new Uint8Array(
  await sharp({ create: { width: 16, height: 8, channels: 3, background: '#c86' } })
    .png()
    .toBuffer(),
)
const SIGNATURE_BYTES = 8
const IHDR_END = SIGNATURE_BYTES + 12 + 13

/** The picture with these raw chunks put in after IHDR. */
function withChunks(...chunks: Uint8Array[]): Uint8Array {
  return Buffer.concat([picture.subarray(0, IHDR_END), ...chunks, picture.subarray(IHDR_END)])
}
const latin1 = (text: string) => Buffer.from(text, 'latin1')

describe('CRC-32', () => {
  test('equals zlib on every length up to 300', () => {
    const bytes = Uint8Array.from({ length: 300 }, (_, index) => (index * 193) & 255)
    for (let length = 0; length <= 300; length++) {
      expect(crc32(bytes.subarray(0, length))).toBe(nodeCrc32(bytes.subarray(0, length)))
    }
  })
})

describe('writePngText', () => {
  test('round-trips Latin-1, other scripts, emoji, newlines and the empty text', async () => {
    const entries = [
      { keyword: 'parameters', text: 'café, naïve\nNegative prompt: blurry\nSteps: 20' },
      { keyword: 'dewpoint', text: '{"prompt":"パンダ 🐼 на пляже"}' },
      { keyword: 'empty', text: '' },
    ]
    expect(await readPngText(writePngText(picture, entries))).toEqual({ entries, problems: [] })
  })

  test('chooses tEXt for Latin-1 and iTXt for everything else, right after IHDR', () => {
    const png = writePngText(picture, [
      { keyword: 'a', text: 'ÿ' },
      { keyword: 'b', text: 'Ā' },
      { keyword: 'c', text: 'C1 control \u0085' },
    ])
    expect([...pngChunks(png)].map((chunk) => chunk.type).slice(0, 4)).toEqual(['IHDR', 'tEXt', 'iTXt', 'iTXt'])
  })

  test('leaves the pixels alone and gives a file libpng reads without complaint', async () => {
    const png = writePngText(picture, [{ keyword: 'parameters', text: 'panda 🐼' }])
    const [before, after] = await Promise.all(
      [picture, png].map((bytes) => sharp(bytes, { failOn: 'warning' }).raw().toBuffer()),
    )
    expect(after?.equals(before ?? Buffer.alloc(0))).toBe(true)
    expect((await sharp(png).metadata()).comments).toEqual([{ keyword: 'parameters', text: 'panda 🐼' }])
  })

  test('replaces an entry of the same keyword and keeps the others', async () => {
    const first = writePngText(picture, [
      { keyword: 'parameters', text: 'old' },
      { keyword: 'Software', text: 'kept' },
    ])
    const { entries } = await readPngText(writePngText(first, [{ keyword: 'parameters', text: 'new' }]))
    expect(entries).toEqual([
      { keyword: 'parameters', text: 'new' },
      { keyword: 'Software', text: 'kept' },
    ])
  })

  test('refuses what PNG cannot hold, naming it', () => {
    expect(() => writePngText(picture, [{ keyword: '', text: '' }])).toThrow(RangeError)
    expect(() => writePngText(picture, [{ keyword: 'x'.repeat(80), text: '' }])).toThrow('1 to 79')
    expect(() => writePngText(picture, [{ keyword: ' x', text: '' }])).toThrow(RangeError)
    expect(() => writePngText(picture, [{ keyword: 'x', text: 'a\0b' }])).toThrow('U+0000')
    expect(() => writePngText(picture, [{ keyword: 'x', text: '\ud83d' }])).toThrow('surrogate')
    expect(() => writePngText(latin1('GIF89a..'), [])).toThrow('Not a PNG')
    expect(() => writePngText(picture.subarray(0, 60), [])).toThrow('cut off')
  })
})

describe('readPngText', () => {
  test('reads zTXt and compressed iTXt, before or after the picture data', async () => {
    const zTXt = encodeChunk('zTXt', Buffer.concat([latin1('Comment\0\0'), deflateSync(latin1('fünf'))]))
    const iTXt = encodeChunk(
      'iTXt',
      Buffer.concat([latin1('XML:com.adobe.xmp\0\x01\0en\0'), Buffer.from('Wort\0'), deflateSync(Buffer.from('五'))]),
    )
    const iend = picture.length - 12
    const png = Buffer.concat([withChunks(zTXt).subarray(0, iend + zTXt.length), iTXt, picture.subarray(iend)])
    expect(await readPngText(png)).toEqual({
      entries: [
        { keyword: 'Comment', text: 'fünf' },
        { keyword: 'XML:com.adobe.xmp', text: '五' },
      ],
      problems: [],
    })
  })

  test('keeps bytes 0x80 to 0x9f of tEXt as Latin-1, not windows-1252', async () => {
    const { entries } = await readPngText(withChunks(encodeChunk('tEXt', latin1('k\0\x80\x9f'))))
    expect(entries).toEqual([{ keyword: 'k', text: '\u0080\u009f' }])
  })

  test('leaves out an entry whose CRC is wrong and says so', async () => {
    const chunk = encodeChunk('tEXt', latin1('parameters\0panda'))
    chunk[15] = (chunk[15] ?? 0) ^ 1
    const { entries, problems } = await readPngText(withChunks(chunk, encodeChunk('tEXt', latin1('ok\0yes'))))
    expect(entries).toEqual([{ keyword: 'ok', text: 'yes' }])
    expect(problems).toEqual(['A tEXt chunk is damaged: its checksum does not match'])
  })

  test('a cut-off file gives what came before the cut and says it is cut off', async () => {
    const png = writePngText(picture, [{ keyword: 'parameters', text: 'panda' }])
    const { entries, problems } = await readPngText(png.subarray(0, png.length - 20))
    expect(entries).toEqual([{ keyword: 'parameters', text: 'panda' }])
    expect(problems).toEqual([expect.stringContaining('cut off')])
  })

  test('a deflate bomb stops at the text budget, quickly and without the memory', async () => {
    const bomb = encodeChunk('zTXt', Buffer.concat([latin1('k\0\0'), deflateSync(Buffer.alloc(200 * 1024 * 1024))]))
    const png = withChunks(...Array.from({ length: 20 }, () => bomb))
    const before = process.memoryUsage().rss
    const workedMs = startWorkClock()
    const { entries, problems } = await readPngText(png)
    // 200 MB twenty times would take many seconds and 4 GB; the bound is 8 MB once.
    expect(workedMs()).toBeLessThan(2_000)
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024)
    expect(entries).toEqual([])
    expect(problems[0]).toContain(`more than ${METADATA_TEXT_MAX_BYTES} bytes`)
    expect(problems).toHaveLength(20)
  })

  test('damaged compression, broken layouts and bad UTF-8 are problems, not exceptions', async () => {
    const { entries, problems } = await readPngText(
      withChunks(
        encodeChunk('zTXt', latin1('k\0\0not zlib at all')),
        encodeChunk('zTXt', Buffer.concat([latin1('k\0\0'), deflateSync(Buffer.alloc(5000, 7)).subarray(0, 12)])),
        encodeChunk('zTXt', latin1('k\0\x07x')),
        encodeChunk('zTXt', latin1('k\0')),
        encodeChunk('iTXt', latin1('k\0\0\0en')),
        encodeChunk('iTXt', latin1('k\0\0\0\0\0\xff\xfe')),
        encodeChunk('tEXt', latin1('no keyword ends here')),
      ),
    )
    expect(entries).toEqual([])
    expect(problems).toHaveLength(7)
  })

  test('more texts than any real file has are not read', async () => {
    const many = Array.from({ length: METADATA_ENTRIES_MAX + 5 }, () => encodeChunk('tEXt', latin1('k\0v')))
    const { entries, problems } = await readPngText(withChunks(...many))
    expect(entries).toHaveLength(METADATA_ENTRIES_MAX)
    expect(problems).toEqual([expect.stringContaining('more than')])
  })

  test('says what it got when it is no PNG', async () => {
    await expect(readPngText(new Uint8Array(0))).rejects.toThrow('starts with nothing')
    await expect(readPngText(latin1('GIF89a..'))).rejects.toThrow('47 49 46')
  })
})
