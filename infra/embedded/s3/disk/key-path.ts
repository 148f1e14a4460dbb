// From an object's key to a file and back. Every key S3 allows has its own path on every file system: names are made of
// lower-case letters, digits, `-`, `_` and `.`, the rest is percent-encoded byte by byte; no name is `.` or `..`;
// none is longer than 255 bytes; `a` and `a/b` live side by side. A key's `/` is a folder, so the tree reads like the keys.
import path from 'node:path'

/** Prefix of a name: an object's file, a folder, or the beginning of a segment too long for one name. */
const OBJECT = 'o.'
const FOLDER = 'd.'
const CONTINUED = 'c.'

/** Encoded three times as long plus the prefix is 194: within the 255 bytes file systems allow. */
const NAME_SIZE_MAX_BYTES = 64

export type Name =
  | { readonly kind: 'object' | 'folder' | 'continued'; readonly bytes: Buffer }
  /** Not one of ours. */
  | null

export function keyToPath(root: string, key: string): string {
  if (key === '') throw new RangeError('A key has at least one byte')
  const segments = splitBytes(Buffer.from(key, 'utf8'))
  const names = segments.flatMap((segment, index) => {
    const pieces = pieceOut(segment)
    const last = index === segments.length - 1 ? OBJECT : FOLDER
    return pieces.map((piece, at) => (at === pieces.length - 1 ? last : CONTINUED) + encode(piece))
  })
  return path.join(root, ...names)
}

/** What one name in a folder stands for. */
export function parseName(name: string): Name {
  const bytes = decode(name.slice(2))
  if (bytes === null) return null
  switch (name.slice(0, 2)) {
    case OBJECT:
      return { kind: 'object', bytes }
    case FOLDER:
      return { kind: 'folder', bytes }
    case CONTINUED:
      return { kind: 'continued', bytes }
    default:
      return null
  }
}

function splitBytes(key: Buffer): Buffer[] {
  const segments: Buffer[] = []
  let start = 0
  for (let at = key.indexOf(0x2f); at !== -1; at = key.indexOf(0x2f, start)) {
    segments.push(key.subarray(start, at))
    start = at + 1
  }
  segments.push(key.subarray(start))
  return segments
}

function pieceOut(segment: Buffer): Buffer[] {
  const pieces: Buffer[] = []
  let rest = segment
  while (rest.length > NAME_SIZE_MAX_BYTES) {
    pieces.push(rest.subarray(0, NAME_SIZE_MAX_BYTES))
    rest = rest.subarray(NAME_SIZE_MAX_BYTES)
  }
  return [...pieces, rest]
}

/** Capitals too: some file systems take `A` and `a` for the same name. A last dot too: some drop it. */
function encode(bytes: Buffer): string {
  const text = bytes.toString('latin1')
  return text.replace(/[^a-z0-9_.-]|\.$/g, (c) => `%${c.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

function decode(text: string): Buffer | null {
  if (!/^(?:[a-z0-9_.-]|%[0-9a-f]{2})*$/.test(text)) return null
  const latin1 = text.replace(/%([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(latin1, 'latin1')
}
