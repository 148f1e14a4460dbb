// The aws-chunked decoder: whatever the framing and however the network cuts it, the bytes come out as they went in, or not at all.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type ChunkVerifier, decodeChunks } from '#infra/embedded/s3/http/chunked-body.ts'
import { S3Error } from '#infra/embedded/s3/http/s3-error.ts'

async function* inPieces(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1
    yield bytes.subarray(at, at + size)
    at += size
  }
}

function frame(chunks: readonly Uint8Array[], trailers: readonly string[] = []): Buffer {
  const parts = chunks
    .filter((chunk) => chunk.length > 0)
    .map((chunk) => Buffer.concat([Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')]))
  return Buffer.concat([...parts, Buffer.from(`0\r\n${trailers.map((line) => `${line}\r\n`).join('')}\r\n`)])
}

async function decode(
  bytes: Uint8Array,
  sizes: readonly number[] = [bytes.length || 1],
  trailers: Map<string, string> | null = null,
  verifier: ChunkVerifier | null = null,
): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of decodeChunks(inPieces(bytes, sizes), { verifier, trailers })) pieces.push(piece.slice())
  return Buffer.concat(pieces)
}

const chunks = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 })
const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 })

test('any content in any framing, cut anywhere, comes out byte for byte', async () => {
  await fc.assert(
    fc.asyncProperty(chunks, sizes, async (content, cuts) => {
      expect((await decode(frame(content), cuts)).equals(Buffer.concat(content))).toBe(true)
    }),
    { numRuns: 300 },
  )
})

test('trailers are read whatever the cuts', async () => {
  await fc.assert(
    fc.asyncProperty(chunks, sizes, async (content, cuts) => {
      const trailers = new Map<string, string>()
      await decode(frame(content, ['x-amz-checksum-crc32:AAAA=', 'X-Other: b ']), cuts, trailers)
      expect([...trailers]).toEqual([
        ['x-amz-checksum-crc32', 'AAAA='],
        ['x-other', 'b'],
      ])
    }),
  )
})

test('a body cut short anywhere is IncompleteBody, never a shorter object', async () => {
  await fc.assert(
    fc.asyncProperty(chunks, sizes, fc.nat(), async (content, cuts, at) => {
      const whole = frame(content)
      const cut = whole.subarray(0, at % whole.length)
      await expect(decode(cut, cuts)).rejects.toMatchObject({ code: 'IncompleteBody' })
    }),
    { numRuns: 300 },
  )
})

test('whatever bytes arrive, the decoder ends with bytes or with a 4xx', async () => {
  const text = fc.string({ unit: fc.constantFrom('0', '1', 'a', 'f', '\r', '\n', ';', ':', ' ', 'x'), maxLength: 60 })
  await fc.assert(
    fc.asyncProperty(text, sizes, async (noise, cuts) => {
      const error = await decode(Buffer.from(noise), cuts, new Map()).then(
        () => null,
        (thrown: unknown) => thrown,
      )
      if (error !== null) expect(error).toBeInstanceOf(S3Error)
      if (error instanceof S3Error) expect(error.status).toBe(400)
    }),
    { numRuns: 2_000 },
  )
})

test.each([
  ['a size that is no number', 'xyz\r\n'],
  ['a negative size', '-1\r\nA\r\n0\r\n\r\n'],
  ['a size past what a number holds', 'fffffffffffff\r\nA'],
  ['a line without an end', 'a'.repeat(5_000)],
  ['a bare LF', '1\nA\n0\n\n'],
  ['a chunk longer than it says', '1\r\nAB\r\n0\r\n\r\n'],
  ['a chunk shorter than it says', '3\r\nA\r\n0\r\n\r\n'],
  ['bytes after the end', '1\r\nA\r\n0\r\n\r\nmore'],
  ['a trailer nobody announced', '0\r\nx-a:b\r\n\r\n'],
])('%s is refused', async (_what, body) => {
  await expect(decode(Buffer.from(body))).rejects.toBeInstanceOf(S3Error)
})

test('the verifier sees each chunk whole, in order, the empty last one included, with both line ends of a signed trailer', async () => {
  const seen: string[] = []
  let current = ''
  const verifier: ChunkVerifier = {
    update: (piece) => {
      current += Buffer.from(piece).toString()
    },
    async verifyChunk(signature) {
      seen.push(`${current}:${signature.slice(0, 2)}`)
      current = ''
    },
    async verifyTrailer(canonical, signature) {
      seen.push(`${canonical}${signature}`)
    },
  }
  for (const end of ['\r\n', '\n\r\n']) {
    seen.length = 0
    const body = `3;chunk-signature=${'a1'.repeat(32)}\r\nabc\r\n0;chunk-signature=${'b2'.repeat(32)}\r\nx:y${end}x-amz-trailer-signature:cc\r\n\r\n`
    await decode(Buffer.from(body), [1], new Map(), verifier)
    expect(seen).toEqual(['abc:a1', ':b2', 'x:y\ncc'])
  }
})
