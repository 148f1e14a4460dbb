// EXIF, as far as recipes live in it: a few text tags of the first directory and of the Exif directory (EXIF 2.32, TIFF 6.0).
// Not a camera metadata library: see docs/dependencies.md for the ones tried.
import { decodeBytes, decodeUtf16 } from './decode-text.ts'
import { METADATA_TEXT_MAX_BYTES } from './limits.ts'
import type { TextEntry, TextsFound } from './text-entry.ts'

const EXIF_DIRECTORY = 0x8769
const USER_COMMENT = 0x9286
/** Tags people's tools hide prompts in: ComfyUI Make and Model, Fooocus MakerNote, SwarmUI and A1111 UserComment. */
const TEXT_TAGS: ReadonlyMap<number, string> = new Map([
  [0x010e, 'ImageDescription'],
  [0x010f, 'Make'],
  [0x0110, 'Model'],
  [0x0131, 'Software'],
  [0x927c, 'MakerNote'],
  [USER_COMMENT, 'UserComment'],
  [0x9c9c, 'XPComment'],
])
/** Bytes of one value of each TIFF type, by type number. */
const TYPE_BYTES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8]
const ASCII_TYPE = 2
const UNDEFINED_TYPE = 7
/** Real directories have tens of entries. */
const DIRECTORY_ENTRIES_MAX = 512

/** Texts of an EXIF block, with or without the `Exif\0\0` in front. Reads the two directories once each; follows no chains. */
export function readExif(block: Uint8Array): TextsFound {
  const tiff = startsWith(block, 'Exif\0\0') ? block.subarray(6) : block
  const order = startsWith(tiff, 'II') ? 'le' : startsWith(tiff, 'MM') ? 'be' : undefined
  if (order === undefined || tiff.length < 8) return { entries: [], problems: ['The EXIF block has no TIFF header'] }
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength)
  const entries: TextEntry[] = []
  const problems: string[] = []
  const first = readDirectory(view, view.getUint32(4, order === 'le'), order)
  if (first === undefined) return { entries, problems: ['The EXIF block is cut off'] }
  const pointer = first.find(({ tag }) => tag === EXIF_DIRECTORY)
  const second =
    pointer === undefined
      ? []
      : readDirectory(view, pointer.valueAt === undefined ? 0 : view.getUint32(pointer.valueAt, order === 'le'), order)
  if (second === undefined) problems.push('The EXIF directory is cut off')
  for (const { tag, valueAt, sizeBytes } of [...first, ...(second ?? [])]) {
    const name = TEXT_TAGS.get(tag)
    if (name === undefined) continue
    if (valueAt === undefined) problems.push(`The EXIF ${name} is cut off`)
    else if (sizeBytes > METADATA_TEXT_MAX_BYTES)
      problems.push(`The EXIF ${name} is more text than is read from one file`)
    else entries.push({ key: `exif:${name}`, text: decodeTag(tag, tiff.subarray(valueAt, valueAt + sizeBytes), order) })
  }
  return { entries: entries.filter(({ text }) => text !== ''), problems }
}

interface DirectoryEntry {
  readonly tag: number
  /** Offset of the value in the block, undefined where it would lie outside. */
  readonly valueAt: number | undefined
  readonly sizeBytes: number
}

function readDirectory(view: DataView, at: number, order: 'le' | 'be'): DirectoryEntry[] | undefined {
  const little = order === 'le'
  if (at < 8 || at + 2 > view.byteLength) return undefined
  const count = Math.min(view.getUint16(at, little), DIRECTORY_ENTRIES_MAX)
  const entries: DirectoryEntry[] = []
  for (let index = 0; index < count; index++) {
    const entry = at + 2 + index * 12
    if (entry + 12 > view.byteLength) return entries.length === 0 ? undefined : entries
    const sizeBytes = (TYPE_BYTES[view.getUint16(entry + 2, little)] ?? 0) * view.getUint32(entry + 4, little)
    const valueAt = sizeBytes <= 4 ? entry + 8 : view.getUint32(entry + 8, little)
    entries.push({
      tag: view.getUint16(entry, little),
      valueAt: valueAt + sizeBytes <= view.byteLength ? valueAt : undefined,
      sizeBytes,
    })
  }
  return entries
}

function decodeTag(tag: number, bytes: Uint8Array, order: 'le' | 'be'): string {
  if (tag === USER_COMMENT) return decodeUserComment(bytes, order)
  if (tag === 0x9c9c) return decodeUtf16(bytes, 'le')
  return decodeBytes(bytes)
}

/** Eight bytes name the charset, then the text: EXIF 2.32, UserComment. */
function decodeUserComment(bytes: Uint8Array, order: 'le' | 'be'): string {
  const body = bytes.subarray(8)
  if (startsWith(bytes, 'UNICODE\0')) return decodeUtf16(body, order)
  if (startsWith(bytes, 'ASCII\0\0\0')) return decodeBytes(body)
  if (startsWith(bytes, 'JIS\0\0\0\0\0')) return new TextDecoder('iso-2022-jp').decode(body)
  if (startsWith(bytes, '\0\0\0\0\0\0\0\0')) return decodeBytes(body)
  // Written without the charset, as several tools do.
  return decodeBytes(bytes)
}

/**
 * An EXIF block (TIFF, big endian, without `Exif\0\0`) whose UserComment is `text` in UTF-16, as A1111 writes it.
 * @throws RangeError when the text holds half of a surrogate pair.
 */
export function writeExif(userComment: string, software: string): Uint8Array<ArrayBuffer> {
  if (!userComment.isWellFormed()) throw new RangeError('EXIF text cannot hold half of a surrogate pair')
  const comment = new Uint8Array(8 + userComment.length * 2)
  comment.set(new TextEncoder().encode('UNICODE\0'))
  const commentView = new DataView(comment.buffer)
  for (let at = 0; at < userComment.length; at++) commentView.setUint16(8 + at * 2, userComment.charCodeAt(at))
  const name = new TextEncoder().encode(`${software}\0\0\0\0\0`)

  const firstAt = 8
  const secondAt = firstAt + 2 + 2 * 12 + 4
  const nameAt = secondAt + 2 + 12 + 4
  const commentAt = nameAt + name.length
  const block = new Uint8Array(commentAt + comment.length)
  const view = new DataView(block.buffer)
  const entry = (at: number, tag: number, type: number, count: number, value: number) => {
    view.setUint16(at, tag)
    view.setUint16(at + 2, type)
    view.setUint32(at + 4, count)
    view.setUint32(at + 8, value)
  }
  block.set([0x4d, 0x4d, 0, 42])
  view.setUint32(4, firstAt)
  view.setUint16(firstAt, 2)
  entry(firstAt + 2, 0x0131, ASCII_TYPE, name.length, nameAt)
  entry(firstAt + 14, EXIF_DIRECTORY, 4, 1, secondAt)
  view.setUint16(secondAt, 1)
  entry(secondAt + 2, USER_COMMENT, UNDEFINED_TYPE, comment.length, commentAt)
  block.set(name, nameAt)
  block.set(comment, commentAt)
  return block
}

export function startsWith(bytes: Uint8Array, text: string): boolean {
  for (let at = 0; at < text.length; at++) if (bytes[at] !== text.charCodeAt(at)) return false
  return true
}
