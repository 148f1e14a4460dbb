// Text in PNG files: tEXt, zTXt and iTXt chunks, read and written without touching pixels (PNG specification, third edition,
// section 11.3.3). Not an image decoder: the compressed picture is skipped, its CRC unchecked.
import { crc32 } from './crc32.ts'
import { inflate } from './inflate.ts'
import { METADATA_ENTRIES_MAX, METADATA_TEXT_MAX_BYTES } from './limits.ts'

export interface PngText {
  /** 1 to 79 printable Latin-1 characters, such as `parameters`. */
  readonly keyword: string
  readonly text: string
}

export interface PngTextReport {
  readonly entries: readonly PngText[]
  /** What was skipped and why, in plain words; empty for a sound file. */
  readonly problems: readonly string[]
}

export interface PngChunk {
  readonly type: string
  /** The chunk's bytes, a view into the file. */
  readonly data: Uint8Array
  readonly crcMatches: () => boolean
}

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
/** Length, type and CRC around a chunk's data. */
const CHUNK_OVERHEAD_BYTES = 12

export function isPng(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, index) => bytes[index] === byte)
}

/**
 * The chunks of a PNG in file order, up to IEND; views, no copies. Returns (as the generator's result) what stopped it early,
 * or undefined after a proper IEND.
 */
export function* pngChunks(png: Uint8Array): Generator<PngChunk, string | undefined> {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength)
  let offset = SIGNATURE.length
  while (offset + CHUNK_OVERHEAD_BYTES <= png.length) {
    const length = view.getUint32(offset)
    const end = offset + CHUNK_OVERHEAD_BYTES + length
    const type = latin1(png.subarray(offset + 4, offset + 8))
    if (!/^[A-Za-z]{4}$/.test(type)) return `The file is damaged at byte ${offset}: no PNG chunk starts there`
    if (end > png.length) return `The file is cut off inside a ${type} chunk`
    const typeAndData = png.subarray(offset + 4, end - 4)
    const crcOffset = end - 4
    yield { type, data: typeAndData.subarray(4), crcMatches: () => crc32(typeAndData) === view.getUint32(crcOffset) }
    if (type === 'IEND') return undefined
    offset = end
  }
  return 'The file is cut off: it has no end marker'
}

/**
 * Every text entry of a PNG, in file order, whether before or after the picture data.
 *
 * Costs a walk over chunk headers and the text itself: at most METADATA_TEXT_MAX_BYTES of text, inflated, and
 * METADATA_ENTRIES_MAX entries. An entry with a wrong CRC, damaged compression or a broken layout is left out and named in
 * `problems`.
 * @throws TypeError when the bytes do not start as a PNG.
 */
export async function readPngText(png: Uint8Array): Promise<PngTextReport> {
  if (!isPng(png)) throw new TypeError(`Not a PNG: the file starts with ${hex(png.subarray(0, 8)) || 'nothing'}`)
  const entries: PngText[] = []
  const problems: string[] = []
  let budgetBytes = METADATA_TEXT_MAX_BYTES
  const chunks = pngChunks(png)
  for (;;) {
    const next = chunks.next()
    if (next.done) {
      if (next.value !== undefined) problems.push(next.value)
      return { entries, problems }
    }
    const chunk = next.value
    if (chunk.type !== 'tEXt' && chunk.type !== 'zTXt' && chunk.type !== 'iTXt') continue
    if (entries.length + problems.length >= METADATA_ENTRIES_MAX) {
      problems.push(`The file has more than ${METADATA_ENTRIES_MAX} texts; the rest was not read`)
      return { entries, problems }
    }
    if (chunk.data.length > budgetBytes) {
      problems.push(`A ${chunk.type} chunk of ${chunk.data.length} bytes is more text than is read from one file`)
      continue
    }
    if (!chunk.crcMatches()) {
      problems.push(`A ${chunk.type} chunk is damaged: its checksum does not match`)
      continue
    }
    try {
      const { entry, costBytes } = await parseText(chunk, budgetBytes)
      entries.push(entry)
      budgetBytes -= costBytes
    } catch (error) {
      // A bomb was inflated up to the budget: what is left of the file gets no second helping.
      if (error instanceof RangeError) budgetBytes = 0
      problems.push(`A ${chunk.type} chunk was skipped: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
}

/** Width and height by its header; null where it is no PNG. */
export function readPngSize(png: Uint8Array): { width: number; height: number } | null {
  // Signature, length and type of the first chunk, and then the two numbers.
  if (!isPng(png) || png.length < 24 || String.fromCharCode(...png.subarray(12, 16)) !== 'IHDR') return null
  const view = new DataView(png.buffer, png.byteOffset)
  return { width: view.getUint32(16), height: view.getUint32(20) }
}

/**
 * The PNG with these entries as text chunks right after IHDR, where readers find them without passing the picture data.
 * Entries whose keyword the file already has replace the old ones. Plain Latin-1 becomes tEXt, everything else iTXt (UTF-8),
 * both uncompressed: that is what A1111 and Pillow write, so every reader copes.
 * @throws TypeError when `png` is not a PNG; RangeError when a keyword or text cannot be represented.
 */
export function writePngText(png: Uint8Array, entries: readonly PngText[]): Uint8Array<ArrayBuffer> {
  if (!isPng(png)) throw new TypeError(`Not a PNG: the file starts with ${hex(png.subarray(0, 8)) || 'nothing'}`)
  const replaced = new Set(entries.map((entry) => entry.keyword))
  const added = entries.map(encodeText)
  const parts: Uint8Array[] = [Uint8Array.from(SIGNATURE)]
  const chunks = pngChunks(png)
  for (;;) {
    const next = chunks.next()
    if (next.done) {
      if (next.value !== undefined) throw new TypeError(next.value)
      break
    }
    const { type, data } = next.value
    if (parts.length === 1 && type !== 'IHDR') throw new TypeError(`A PNG starts with IHDR, got ${type}`)
    if (isTextChunk(type) && replaced.has(keywordOf(data))) continue
    // A chunk as it stood in the file, its length and CRC included.
    parts.push(new Uint8Array(data.buffer, data.byteOffset - 8, data.length + CHUNK_OVERHEAD_BYTES))
    if (type === 'IHDR') parts.push(...added)
  }
  return concat(parts)
}

/** The PNG without any text or EXIF chunk. @throws TypeError when `png` is not a whole PNG. */
export function stripPngText(png: Uint8Array): Uint8Array<ArrayBuffer> {
  if (!isPng(png)) throw new TypeError(`Not a PNG: the file starts with ${hex(png.subarray(0, 8)) || 'nothing'}`)
  const parts: Uint8Array[] = [Uint8Array.from(SIGNATURE)]
  const chunks = pngChunks(png)
  for (let next = chunks.next(); ; next = chunks.next()) {
    if (next.done) {
      if (next.value !== undefined) throw new TypeError(next.value)
      return concat(parts)
    }
    const { type, data } = next.value
    if (isTextChunk(type) || type === 'eXIf') continue
    parts.push(new Uint8Array(data.buffer, data.byteOffset - 8, data.length + CHUNK_OVERHEAD_BYTES))
  }
}

function isTextChunk(type: string): boolean {
  return type === 'tEXt' || type === 'zTXt' || type === 'iTXt'
}

function keywordOf(data: Uint8Array): string {
  const end = data.subarray(0, 80).indexOf(0)
  return latin1(data.subarray(0, end === -1 ? 0 : end))
}

async function parseText(chunk: PngChunk, budgetBytes: number): Promise<{ entry: PngText; costBytes: number }> {
  const { type, data } = chunk
  const keyword = keywordOf(data)
  if (keyword === '') throw new TypeError('it has no keyword')
  let rest = data.subarray(keyword.length + 1)
  if (type === 'tEXt') return { entry: { keyword, text: latin1(rest) }, costBytes: rest.length }

  let compressed = true
  if (type === 'iTXt') {
    compressed = takeByte(rest, 0) === 1
    rest = rest.subarray(1)
  }
  if (compressed && takeByte(rest, 0) !== 0) throw new TypeError(`unknown compression method ${rest[0]}`)
  rest = rest.subarray(1)
  if (type === 'iTXt') {
    for (const field of ['language', 'translated keyword']) {
      const end = rest.indexOf(0)
      if (end === -1) throw new TypeError(`its ${field} does not end`)
      rest = rest.subarray(end + 1)
    }
  }
  const bytes = compressed ? await inflate(rest, 'deflate', budgetBytes) : rest
  return { entry: { keyword, text: type === 'iTXt' ? utf8(bytes) : latin1(bytes) }, costBytes: bytes.length }
}

function takeByte(bytes: Uint8Array, index: number): number {
  const byte = bytes[index]
  if (byte === undefined) throw new TypeError('it ends too early')
  return byte
}

function encodeText({ keyword, text }: PngText): Uint8Array {
  if (
    !/^[\x21-\x7e\xa1-\xff](?:[\x20-\x7e\xa1-\xff]{0,77}[\x21-\x7e\xa1-\xff])?$/.test(keyword) ||
    keyword.includes('  ')
  ) {
    throw new RangeError(`A PNG keyword is 1 to 79 printable Latin-1 characters, got ${JSON.stringify(keyword)}`)
  }
  if (text.includes('\0')) throw new RangeError('PNG text cannot hold the character U+0000')
  if (!text.isWellFormed()) throw new RangeError('PNG text cannot hold half of a surrogate pair')
  const head = bytesOfLatin1(`${keyword}\0`)
  return fitsLatin1(text)
    ? encodeChunk('tEXt', concat([head, bytesOfLatin1(text)]))
    : // Four zero bytes: not compressed, method 0, no language, no translated keyword.
      encodeChunk('iTXt', concat([head, new Uint8Array(4), new TextEncoder().encode(text)]))
}

/** A whole chunk: length, type, data, CRC. */
export function encodeChunk(type: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const chunk = new Uint8Array(data.length + CHUNK_OVERHEAD_BYTES)
  const view = new DataView(chunk.buffer)
  view.setUint32(0, data.length)
  chunk.set(bytesOfLatin1(type), 4)
  chunk.set(data, 8)
  view.setUint32(chunk.length - 4, crc32(chunk.subarray(4, chunk.length - 4)))
  return chunk
}

/** Printable Latin-1, newline and tab: what the specification allows in tEXt plus the tab that prompts contain. */
function fitsLatin1(text: string): boolean {
  return /^[\t\n\x20-\x7e\xa0-\xff]*$/.test(text)
}

/** Bytes as the code points of the same number; not TextDecoder('latin1'), which is windows-1252. */
function latin1(bytes: Uint8Array): string {
  const parts: string[] = []
  // Slices, because a call takes only so many arguments.
  for (let at = 0; at < bytes.length; at += 8192) parts.push(String.fromCharCode(...bytes.subarray(at, at + 8192)))
  return parts.join('')
}

function bytesOfLatin1(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at)
  return bytes
}

function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new TypeError('it is not valid UTF-8', { cause })
  }
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ')
}

function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
