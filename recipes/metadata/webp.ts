// EXIF and XMP chunks of a WebP, read and written without decoding the picture (RFC 9649).
import { decodeBytes } from './decode-text.ts'
import { readExif, startsWith } from './exif.ts'
import type { TextEntry, TextsFound } from './text-entry.ts'
import { readXmp } from './xmp.ts'

const HEADER_BYTES = 12
/** More chunks than any real file has; animations have one a frame. */
const CHUNKS_MAX = 100_000
/** Bits of VP8X's flags byte. */
const HAS_EXIF = 0x08
const HAS_XMP = 0x04
const HAS_ALPHA = 0x10

interface Chunk {
  readonly type: string
  readonly data: Uint8Array
}

export function isWebp(bytes: Uint8Array): boolean {
  return startsWith(bytes, 'RIFF') && startsWith(bytes.subarray(8), 'WEBP')
}

function webpChunks(webp: Uint8Array): { chunks: Chunk[]; problem: string | undefined } {
  const view = new DataView(webp.buffer, webp.byteOffset, webp.byteLength)
  const end = Math.min(webp.length, view.getUint32(4, true) + 8)
  const chunks: Chunk[] = []
  let at = HEADER_BYTES
  while (at + 8 <= end) {
    const length = view.getUint32(at + 4, true)
    if (at + 8 + length > end) return { chunks, problem: 'The file is cut off inside a chunk' }
    if (chunks.length >= CHUNKS_MAX) return { chunks, problem: 'The file has more chunks than a picture needs' }
    chunks.push({ type: decodeBytes(webp.subarray(at, at + 4)), data: webp.subarray(at + 8, at + 8 + length) })
    at += 8 + length + (length & 1)
  }
  return { chunks, problem: chunks.length === 0 ? 'The file is cut off: it holds no picture' : undefined }
}

export function readWebpTexts(webp: Uint8Array): TextsFound {
  if (webp.length < HEADER_BYTES) return { entries: [], problems: ['The file is cut off'] }
  const { chunks, problem } = webpChunks(webp)
  const entries: TextEntry[] = []
  const problems: string[] = problem === undefined ? [] : [problem]
  for (const { type, data } of chunks) {
    const found = type === 'EXIF' ? readExif(data) : type === 'XMP ' ? readXmp(decodeBytes(data)) : undefined
    entries.push(...(found?.entries ?? []))
    problems.push(...(found?.problems ?? []))
  }
  return { entries, problems }
}

/**
 * The WebP with these blocks in place of any it had; null leaves that kind out.
 * @throws TypeError when it is no WebP, or its picture's size cannot be read.
 */
export function writeWebpBlocks(
  webp: Uint8Array,
  { exif, xmp }: { exif: Uint8Array | null; xmp: Uint8Array | null },
): Uint8Array<ArrayBuffer> {
  if (!isWebp(webp)) throw new TypeError('Not a WebP')
  const { chunks, problem } = webpChunks(webp)
  if (problem !== undefined) throw new TypeError(problem)
  const picture = chunks.filter(({ type }) => type !== 'EXIF' && type !== 'XMP ' && type !== 'VP8X')
  const header = Uint8Array.from(chunks.find(({ type }) => type === 'VP8X')?.data ?? extendedHeader(picture))
  header[0] = ((header[0] ?? 0) & ~(HAS_EXIF | HAS_XMP)) | (exif === null ? 0 : HAS_EXIF) | (xmp === null ? 0 : HAS_XMP)
  // RFC 9649, section 2.7: VP8X first, EXIF and XMP after the picture.
  const all: Chunk[] = [
    { type: 'VP8X', data: header },
    ...picture,
    ...(exif === null ? [] : [{ type: 'EXIF', data: exif }]),
    ...(xmp === null ? [] : [{ type: 'XMP ', data: xmp }]),
  ]
  const size = all.reduce((sum, { data }) => sum + 8 + data.length + (data.length & 1), HEADER_BYTES)
  const whole = new Uint8Array(size)
  const view = new DataView(whole.buffer)
  const ascii = new TextEncoder()
  whole.set(ascii.encode('RIFF'))
  view.setUint32(4, size - 8, true)
  whole.set(ascii.encode('WEBP'), 8)
  let at = HEADER_BYTES
  for (const { type, data } of all) {
    whole.set(ascii.encode(type), at)
    view.setUint32(at + 4, data.length, true)
    whole.set(data, at + 8)
    at += 8 + data.length + (data.length & 1)
  }
  return whole
}

/** VP8X for a file in the simple format: the size as the VP8 or VP8L bitstream states it. */
function extendedHeader(picture: readonly Chunk[]): Uint8Array {
  const [first] = picture
  const { width, height, hasAlpha } = bitstreamFacts(first)
  const header = new Uint8Array(10)
  header[0] = hasAlpha ? HAS_ALPHA : 0
  const view = new DataView(header.buffer)
  view.setUint16(4, (width - 1) & 0xffff, true)
  header[6] = (width - 1) >> 16
  view.setUint16(7, (height - 1) & 0xffff, true)
  header[9] = (height - 1) >> 16
  return header
}

function bitstreamFacts(chunk: Chunk | undefined): { width: number; height: number; hasAlpha: boolean } {
  if (chunk !== undefined && chunk.data.length >= 10) {
    const view = new DataView(chunk.data.buffer, chunk.data.byteOffset, chunk.data.byteLength)
    // VP8: RFC 6386, section 9.1, sides are 14 bits after the start code. VP8L: RFC 9649, section 3.4, a bit-packed header.
    if (chunk.type === 'VP8 ') {
      return { width: view.getUint16(6, true) & 0x3fff, height: view.getUint16(8, true) & 0x3fff, hasAlpha: false }
    }
    if (chunk.type === 'VP8L') {
      const bits = view.getUint32(1, true)
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1, hasAlpha: ((bits >>> 28) & 1) === 1 }
    }
  }
  throw new TypeError("The WebP's size cannot be read")
}
