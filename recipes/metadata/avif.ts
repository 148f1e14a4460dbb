// EXIF and XMP items of an AVIF or HEIF: the item tables of its meta box, nothing decoded (ISO/IEC 14496-12, 23008-12 annex A).
import { decodeBytes } from './decode-text.ts'
import { readExif, startsWith } from './exif.ts'
import { METADATA_TEXT_MAX_BYTES } from './limits.ts'
import type { TextEntry, TextsFound } from './text-entry.ts'
import { readXmp } from './xmp.ts'

/** Real files have tens of items: tiles, alpha, EXIF, XMP. */
const ITEMS_MAX = 4096
const BOXES_MAX = 4096
const EXTENTS_MAX = 1024

export function isAvif(bytes: Uint8Array): boolean {
  return (
    startsWith(bytes.subarray(4), 'ftyp') && /avif|avis|mif1|msf1|heic|heix/.test(decodeBytes(bytes.subarray(8, 64)))
  )
}

export function readAvifTexts(file: Uint8Array): TextsFound {
  const entries: TextEntry[] = []
  const problems: string[] = []
  try {
    const meta = boxes(file).find(({ type }) => type === 'meta')
    if (meta === undefined) return { entries, problems: ['The file is cut off: it has no table of contents'] }
    // The meta box is a full box: version and flags come before its children.
    const children = boxes(meta.body.subarray(4))
    const locations = itemLocations(new Reader(bodyOf(children, 'iloc')))
    for (const item of items(new Reader(bodyOf(children, 'iinf')))) {
      const location = locations.get(item.id)
      if (location === undefined) continue
      const source = location.inItemData ? bodyOf(children, 'idat') : file
      if (location.offset + location.length > source.length) {
        problems.push('The file is cut off before its metadata')
        continue
      }
      if (location.length > METADATA_TEXT_MAX_BYTES) continue
      const data = source.subarray(location.offset, location.offset + location.length)
      // An Exif item starts with the distance to its TIFF header.
      const found = item.isExif ? readExif(data.subarray(4 + new Reader(data).take(4))) : readXmp(decodeBytes(data))
      entries.push(...found.entries)
      problems.push(...found.problems)
    }
  } catch (error) {
    if (!(error instanceof CutOffError)) throw error
    problems.push('The table of contents of the file is cut off or damaged')
  }
  return { entries, problems }
}

class CutOffError extends Error {}

/** Big-endian integers in order; running out of bytes is a CutOffError. */
class Reader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  take(size: number): number {
    if (this.#at + size > this.#bytes.length) throw new CutOffError()
    let value = 0
    for (let index = 0; index < size; index++) value = value * 256 + (this.#bytes[this.#at + index] ?? 0)
    this.#at += size
    return value
  }

  bytes(size: number): Uint8Array {
    if (this.#at + size > this.#bytes.length) throw new CutOffError()
    this.#at += size
    return this.#bytes.subarray(this.#at - size, this.#at)
  }

  get rest(): Uint8Array {
    return this.#bytes.subarray(this.#at)
  }
}

interface Box {
  readonly type: string
  readonly body: Uint8Array
}

function boxes(bytes: Uint8Array): Box[] {
  const found: Box[] = []
  let at = 0
  while (at + 8 <= bytes.length && found.length < BOXES_MAX) {
    const reader = new Reader(bytes.subarray(at))
    const short = reader.take(4)
    const type = decodeBytes(reader.bytes(4))
    const size = short === 1 ? reader.take(8) : short === 0 ? bytes.length - at : short
    const headerBytes = short === 1 ? 16 : 8
    if (size < headerBytes) throw new CutOffError()
    // A box that runs past the end (a cut-off mdat) still tells where it began.
    found.push({ type, body: bytes.subarray(at + headerBytes, Math.min(bytes.length, at + size)) })
    at += size
  }
  return found
}

function bodyOf(children: readonly Box[], type: string): Uint8Array {
  const box = children.find((child) => child.type === type)
  if (box === undefined) throw new CutOffError()
  return box.body
}

interface Item {
  readonly id: number
  readonly isExif: boolean
}

/** Items that hold EXIF, or XMP as `mime` of type application/rdf+xml. */
function items(table: Reader): Item[] {
  const version = table.take(1)
  table.take(3)
  table.take(version === 0 ? 2 : 4)
  const found: Item[] = []
  for (const { type, body } of boxes(table.rest).slice(0, ITEMS_MAX)) {
    if (type !== 'infe') continue
    const entry = new Reader(body)
    const entryVersion = entry.take(1)
    entry.take(3)
    if (entryVersion < 2) continue
    const id = entry.take(entryVersion === 2 ? 2 : 4)
    entry.take(2)
    const itemType = decodeBytes(entry.bytes(4))
    const names = decodeBytes(entry.rest)
    if (itemType === 'Exif') found.push({ id, isExif: true })
    if (itemType === 'mime' && names.includes('application/rdf+xml')) found.push({ id, isExif: false })
  }
  return found
}

interface Location {
  readonly offset: number
  readonly length: number
  /** Offsets count from the idat box, not from the file's start. */
  readonly inItemData: boolean
}

/** Items of one extent, which is how encoders write metadata. */
function itemLocations(table: Reader): Map<number, Location> {
  const version = table.take(1)
  table.take(3)
  const sizes = table.take(2)
  const [offsetSize, lengthSize, baseSize, indexSize] = [12, 8, 4, 0].map((shift) => (sizes >> shift) & 15)
  const count = table.take(version < 2 ? 2 : 4)
  const found = new Map<number, Location>()
  for (let index = 0; index < Math.min(count, ITEMS_MAX); index++) {
    const id = table.take(version < 2 ? 2 : 4)
    const method = version === 0 ? 0 : table.take(2) & 15
    table.take(2)
    const base = table.take(baseSize ?? 0)
    const extents = table.take(2)
    // Extents may take no bytes at all, so a count alone could keep this loop busy.
    if (extents > EXTENTS_MAX) throw new CutOffError()
    for (let extent = 0; extent < extents; extent++) {
      if (version > 0) table.take(indexSize ?? 0)
      const offset = base + table.take(offsetSize ?? 0)
      const length = table.take(lengthSize ?? 0)
      if (extents === 1 && method <= 1) found.set(id, { offset, length, inItemData: method === 1 })
    }
  }
  return found
}
