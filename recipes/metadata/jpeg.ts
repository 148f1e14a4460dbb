// EXIF, XMP and comments of a JPEG: a walk over its marker segments up to the picture data, nothing decoded (ITU T.81, annex B).
import { decodeBytes } from './decode-text.ts'
import { readExif, startsWith } from './exif.ts'
import type { TextEntry, TextsFound } from './text-entry.ts'
import { readXmp } from './xmp.ts'

const XMP_HEADER = 'http://ns.adobe.com/xap/1.0/\0'
const EXIF_HEADER = 'Exif\0\0'
const APP1 = 0xe1
const COMMENT = 0xfe
const START_OF_SCAN = 0xda
/** A segment's length is 16 bits and counts itself. */
const SEGMENT_BYTES_MAX = 0xffff - 2

interface Segment {
  readonly marker: number
  readonly data: Uint8Array
  /** The whole segment, marker and length included. */
  readonly whole: Uint8Array
}

export function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff
}

/** Segments before the picture data; returns where the rest of the file starts, and what stopped it early. */
function* jpegSegments(jpeg: Uint8Array): Generator<Segment, { restAt: number; problem?: string }> {
  let at = 2
  while (at + 4 <= jpeg.length) {
    if (jpeg[at] !== 0xff)
      return { restAt: at, problem: `The file is damaged at byte ${at}: no JPEG marker stands there` }
    const marker = jpeg[at + 1] ?? 0
    if (marker === 0xff) {
      at++
      continue
    }
    if (marker === START_OF_SCAN) return { restAt: at }
    const length = ((jpeg[at + 2] ?? 0) << 8) | (jpeg[at + 3] ?? 0)
    if (length < 2 || at + 2 + length > jpeg.length)
      return { restAt: at, problem: 'The file is cut off before the picture data' }
    yield { marker, data: jpeg.subarray(at + 4, at + 2 + length), whole: jpeg.subarray(at, at + 2 + length) }
    at += 2 + length
  }
  return { restAt: at, problem: 'The file is cut off before the picture data' }
}

export function readJpegTexts(jpeg: Uint8Array): TextsFound {
  const entries: TextEntry[] = []
  const problems: string[] = []
  const segments = jpegSegments(jpeg)
  for (;;) {
    const next = segments.next()
    if (next.done) {
      if (next.value.problem !== undefined) problems.push(next.value.problem)
      return { entries, problems }
    }
    const { marker, data } = next.value
    if (marker === COMMENT) entries.push({ key: 'jpeg:comment', text: decodeBytes(data) })
    if (marker !== APP1) continue
    const found = startsWith(data, EXIF_HEADER)
      ? readExif(data)
      : startsWith(data, XMP_HEADER)
        ? readXmp(decodeBytes(data.subarray(XMP_HEADER.length)))
        : undefined
    entries.push(...(found?.entries ?? []))
    problems.push(...(found?.problems ?? []))
  }
}

/**
 * The JPEG with these blocks in place of any it had; null leaves that kind out.
 * @throws TypeError when it is no JPEG; RangeError when a block is longer than the 64 kB a segment holds.
 */
export function writeJpegBlocks(
  jpeg: Uint8Array,
  { exif, xmp }: { exif: Uint8Array | null; xmp: Uint8Array | null },
): Uint8Array<ArrayBuffer> {
  if (!isJpeg(jpeg)) throw new TypeError('Not a JPEG')
  const kept: Uint8Array[] = []
  const segments = jpegSegments(jpeg)
  let restAt: number
  for (;;) {
    const next = segments.next()
    if (next.done) {
      if (next.value.problem !== undefined) throw new TypeError(next.value.problem)
      restAt = next.value.restAt
      break
    }
    const { marker, data, whole } = next.value
    if (marker === APP1 && (startsWith(data, EXIF_HEADER) || startsWith(data, XMP_HEADER))) continue
    kept.push(whole)
  }
  const added = [
    ...(exif === null ? [] : [segment(EXIF_HEADER, exif)]),
    ...(xmp === null ? [] : [segment(XMP_HEADER, xmp)]),
  ]
  // JFIF wants its APP0 first; readers of EXIF accept APP1 right after it.
  const [first, ...others] = kept
  const jfif = first?.[1] === 0xe0 ? [first] : []
  const rest = first === undefined || jfif.length > 0 ? others : [first, ...others]
  return join([jpeg.subarray(0, 2), ...jfif, ...added, ...rest, jpeg.subarray(restAt)])
}

function segment(header: string, body: Uint8Array): Uint8Array {
  const length = header.length + body.length
  if (length > SEGMENT_BYTES_MAX) {
    throw new RangeError(
      `A JPEG segment holds ${SEGMENT_BYTES_MAX} bytes, this metadata has ${length}; save a PNG instead`,
    )
  }
  const whole = new Uint8Array(4 + length)
  whole.set([0xff, APP1, (length + 2) >> 8, (length + 2) & 0xff])
  whole.set(new TextEncoder().encode(header), 4)
  whole.set(body, 4 + header.length)
  return whole
}

function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
