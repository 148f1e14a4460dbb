// Uploads from strangers: good ones become plain PNGs, hostile ones an error from the table, and the server notices nothing else.
import { createHash } from 'node:crypto'
import { crc32, deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { UPLOAD_PIXELS_MAX, UPLOAD_SIZE_MAX_BYTES } from '#contracts/limits.ts'
import { fitImage, sanitizeImage } from '#server/images/sanitize-image.ts'

/** Left half red, right half blue. */
const halves = (width = 64, height = 48) =>
  sharp({ create: { width, height, channels: 3, background: '#ff0000' } }).composite([
    {
      input: { create: { width: width / 2, height, channels: 3, background: '#0000ff' } },
      left: width / 2,
      top: 0,
    },
  ])

/** A PNG chunk, right or (given another checksum) wrong. */
function chunk(type: string, data: Buffer, checksum?: number): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const frame = Buffer.alloc(8)
  frame.writeUInt32BE(data.length)
  frame.writeUInt32BE(checksum ?? crc32(body), 4)
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)])
}
const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
function header(width: number, height: number, bitDepth = 8, colourType = 2): Buffer {
  const data = Buffer.alloc(13)
  data.writeUInt32BE(width)
  data.writeUInt32BE(height, 4)
  data.set([bitDepth, colourType, 0, 0, 0], 8)
  return data
}
const png = (width: number, height: number, pixels: Buffer) =>
  Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header(width, height)),
    chunk('IDAT', deflateSync(pixels)),
    chunk('IEND', Buffer.alloc(0)),
  ])

async function refusal(bytes: Uint8Array): Promise<string> {
  const outcome = await sanitizeImage(bytes).then(
    ({ width, height }) => `accepted as ${width}x${height}`,
    (error: { code?: string }) => error.code ?? String(error),
  )
  return outcome
}

async function pixel(file: Uint8Array, left: number, top: number): Promise<number[]> {
  return [...(await sharp(file).extract({ left, top, width: 1, height: 1 }).raw().toBuffer())]
}
const near = (actual: readonly number[], expected: readonly number[], tolerance: number) =>
  actual.length === expected.length && actual.every((value, at) => Math.abs(value - (expected[at] ?? 0)) <= tolerance)

describe('what people upload', () => {
  test.each(['png', 'jpeg', 'webp', 'avif'] as const)(
    'a %s becomes an 8-bit RGB PNG of the same picture',
    async (format) => {
      const clean = await sanitizeImage(await halves().toFormat(format, { quality: 95 }).toBuffer())
      expect(clean).toMatchObject({ width: 64, height: 48 })
      const facts = await sharp(clean.png).metadata()
      expect(facts).toMatchObject({ format: 'png', channels: 3, depth: 'uchar', space: 'srgb', hasAlpha: false })
      // Lossy formats bleed a little at the edge; the middles of the halves are what is compared.
      expect(near(await pixel(clean.png, 10, 24), [255, 0, 0], 4)).toBe(true)
      expect(near(await pixel(clean.png, 54, 24), [0, 0, 255], 4)).toBe(true)
      expect(clean.sha256).toBe(createHash('sha256').update(clean.png).digest('hex'))
    },
  )

  test('the same file gives the same bytes', async () => {
    const file = await halves().jpeg().toBuffer()
    expect((await sanitizeImage(file)).sha256).toBe((await sanitizeImage(file)).sha256)
  })

  test('EXIF orientation is applied, and EXIF, ICC, XMP and text are gone', async () => {
    const file = await halves()
      .withExif({ IFD0: { Artist: 'Somebody' }, IFD3: { GPSLatitude: '51/1 30/1 0/1' } })
      .withMetadata({ orientation: 6 })
      .withIccProfile('p3')
      .jpeg({ quality: 95 })
      .toBuffer()
    expect((await sharp(file).metadata()).exif).toBeDefined()
    const clean = await sanitizeImage(file)
    expect(clean).toMatchObject({ width: 48, height: 64 })
    // Turned a quarter to the right: what was left is on top.
    expect(near(await pixel(clean.png, 24, 10), [255, 0, 0], 12)).toBe(true)
    expect(near(await pixel(clean.png, 24, 54), [0, 0, 255], 12)).toBe(true)
    const facts = await sharp(clean.png).metadata()
    expect([facts.exif, facts.icc, facts.xmp, facts.iptc, facts.orientation, facts.comments]).toEqual(
      Array(6).fill(undefined),
    )
    expect(Buffer.from(clean.png).includes('Somebody')).toBe(false)
  })

  test('transparency is laid on white', async () => {
    const file = await sharp({
      create: { width: 8, height: 8, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } },
    })
      .png()
      .toBuffer()
    expect(await pixel((await sanitizeImage(file)).png, 4, 4)).toEqual([255, 255, 255])
  })

  test('16-bit, palette, grey and CMYK become 8-bit RGB', async () => {
    const files = {
      '16-bit': await halves().toColourspace('rgb16').png().toBuffer(),
      palette: await halves().png({ palette: true, colours: 2 }).toBuffer(),
      grey: await halves().toColourspace('b-w').png().toBuffer(),
      CMYK: await halves().toColourspace('cmyk').jpeg().toBuffer(),
    }
    expect((await sharp(files['16-bit']).metadata()).depth).toBe('ushort')
    expect((await sharp(files.palette).metadata()).isPalette).toBe(true)
    expect((await sharp(files.CMYK).metadata()).space).toBe('cmyk')
    for (const [what, file] of Object.entries(files)) {
      const facts = await sharp((await sanitizeImage(file)).png).metadata()
      expect(`${what}: ${facts.channels} ${facts.depth} ${facts.space}`).toBe(`${what}: 3 uchar srgb`)
    }
  })

  test('of an animation the first frame counts', async () => {
    const frames = Buffer.concat([Buffer.alloc(8 * 8 * 3, 10), Buffer.alloc(8 * 8 * 3, 200)])
    const file = await sharp(frames, { raw: { width: 8, height: 16, channels: 3, pageHeight: 8 } })
      .webp({ lossless: true, loop: 0, delay: [100, 100] })
      .toBuffer()
    expect((await sharp(file).metadata()).pages).toBe(2)
    const clean = await sanitizeImage(file)
    expect(clean).toMatchObject({ width: 8, height: 8 })
    expect(await pixel(clean.png, 4, 4)).toEqual([10, 10, 10])
  })

  test('a picture larger than any recipe is scaled to the largest side a recipe can have', async () => {
    const clean = await sanitizeImage(await halves(5_000, 2_500).jpeg().toBuffer())
    expect(clean).toMatchObject({ width: 4_096, height: 2_048 })
  })

  test('the name and the announced type play no part: a JPEG is a JPEG', async () => {
    // There is no parameter for either, only for hanging up; this holds the door shut.
    expect(sanitizeImage).toHaveLength(2)
  })
})

describe('what comes at us', () => {
  test.each([
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('this is no picture')],
    ['HTML', Buffer.from('<!doctype html><script>alert(1)</script>')],
    ['SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect/></svg>')],
    [
      'SVG that reads a file',
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'),
    ],
    ['PDF', Buffer.from('%PDF-1.7\n1 0 obj <<>> endobj')],
    ['ZIP', Buffer.from('504b030414000000080000', 'hex')],
    ['a bare PNG signature', SIGNATURE],
    ['a PNG of zero width', Buffer.concat([SIGNATURE, chunk('IHDR', header(0, 5)), chunk('IEND', Buffer.alloc(0))])],
    ['a JPEG marker and noise', Buffer.concat([Buffer.from('ffd8ffe000104a464946', 'hex'), Buffer.alloc(5_000, 0x5a)])],
    ['a RIFF that is no WebP', Buffer.from('RIFF\x10\0\0\0WEBPVP8 \xff\xff\xff\xff', 'latin1')],
    ['an ftyp box that is no AVIF', Buffer.from('\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf\0\0\0\x08mdat', 'latin1')],
    ['a thin strip', png(1_000, 1, Buffer.alloc(3_001))],
  ])('%s is upload.unreadable', async (_what, bytes) => {
    expect(await refusal(bytes)).toBe('upload.unreadable')
  })

  test.each(['gif', 'tiff'] as const)('a good %s is not among the four', async (format) => {
    expect(await refusal(await halves().toFormat(format).toBuffer())).toBe('upload.unreadable')
  })

  test.each(['png', 'jpeg', 'webp', 'avif'] as const)('a %s cut in half is upload.unreadable', async (format) => {
    const noise = sharp({
      create: {
        width: 300,
        height: 300,
        channels: 3,
        background: '#000',
        noise: { type: 'gaussian', mean: 128, sigma: 60 },
      },
    })
    const file = await noise.toFormat(format).toBuffer()
    expect(await refusal(file.subarray(0, file.length / 2))).toBe('upload.unreadable')
  })

  test('a broken checksum in the pixels is upload.unreadable', async () => {
    const pixels = deflateSync(Buffer.alloc(10 * 31))
    const bytes = Buffer.concat([
      SIGNATURE,
      chunk('IHDR', header(10, 10)),
      chunk('IDAT', pixels, 0xdead_beef),
      chunk('IEND', Buffer.alloc(0)),
    ])
    expect(await refusal(bytes)).toBe('upload.unreadable')
  })

  test.each([
    ['PNG of 100,000 x 100,000', () => png(100_000, 100_000, Buffer.alloc(1_000))],
    ['PNG one row over the limit', () => png(8_000, UPLOAD_PIXELS_MAX / 8_000 + 1, Buffer.alloc(1_000))],
    ['PNG of the largest sides there are', () => png(0x7fff_ffff, 0x7fff_ffff, Buffer.alloc(1_000))],
  ])('a %s is refused by its header, in a moment', async (_what, bomb) => {
    const started = performance.now()
    expect(await refusal(bomb())).toMatch(/^upload\.(?:too-large|unreadable)$/)
    // Process start included; decoding the smallest of them would take longer than this on any machine.
    expect(performance.now() - started).toBeLessThan(10_000)
  })

  test('40 megapixels that fit into a few kilobytes are decoded within bounds or refused', async () => {
    const bomb = png(8_000, 5_000, Buffer.alloc(5_000 * 24_001))
    expect(bomb.length).toBeLessThan(200_000)
    expect(await refusal(bomb)).toBe('accepted as 3277x2048')
  })

  test('a file over the size limit is refused unread', async () => {
    expect(await refusal(new Uint8Array(UPLOAD_SIZE_MAX_BYTES + 1))).toBe('upload.too-large')
  })

  test('what hides behind or inside a good picture does not come out', async () => {
    const picture = await halves().png().toBuffer()
    const script = Buffer.from('<script>alert("polyglot")</script>')
    const text = chunk('tEXt', Buffer.concat([Buffer.from('Comment\0'), script]))
    const polyglot = Buffer.concat([picture.subarray(0, 33), text, picture.subarray(33), script])
    const clean = await sanitizeImage(polyglot)
    expect(Buffer.from(clean.png).includes('script')).toBe(false)
  })

  test('a crowd of hostile files leaves the next good one alone', async () => {
    const hostile = Array.from({ length: 6 }, (_, at) => refusal(Buffer.from(`RIFF${at}\0\0\0WEBPVP8X`)))
    const good = sanitizeImage(await halves().png().toBuffer())
    expect(await Promise.all(hostile)).toEqual(Array(6).fill('upload.unreadable'))
    expect(await good).toMatchObject({ width: 64, height: 48 })
  })
})

describe('fitting', () => {
  test('covers the size and cuts equally from both sides', async () => {
    const { png: wide } = await sanitizeImage(await halves(400, 100).png().toBuffer())
    const fitted = await fitImage(wide, { width: 64, height: 64 })
    expect(await sharp(fitted).metadata()).toMatchObject({ width: 64, height: 64, channels: 3 })
    expect(near(await pixel(fitted, 20, 32), [255, 0, 0], 4)).toBe(true)
    expect(near(await pixel(fitted, 44, 32), [0, 0, 255], 4)).toBe(true)
  })

  test('scales up where the picture is smaller', async () => {
    const { png: small } = await sanitizeImage(await halves(8, 8).png().toBuffer())
    expect(await sharp(await fitImage(small, { width: 128, height: 96 })).metadata()).toMatchObject({
      width: 128,
      height: 96,
    })
  })

  test.each([0, 1.5, -8, 4_096, Number.NaN])('%d is no side', async (width) => {
    await expect(fitImage(new Uint8Array(1), { width, height: 64 })).rejects.toBeInstanceOf(RangeError)
  })
})
