// Bytes of EXIF and XMP text → strings. Writers disagree on charset and byte order; the bytes themselves decide.

/** UTF-8 where it is valid, else Latin-1, which every byte string is. Trailing NULs are padding. */
export function decodeBytes(bytes: Uint8Array): string {
  const text = trimNuls(bytes)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(text)
  } catch {
    return new TextDecoder('windows-1252').decode(text)
  }
}

/**
 * UTF-16 of either byte order. A byte order mark decides; then which half of the units is zero more often, since prompts and
 * settings are full of ASCII; then the order of the file around it.
 */
export function decodeUtf16(bytes: Uint8Array, fileOrder: 'le' | 'be'): string {
  const even = bytes.subarray(0, bytes.length & ~1)
  const order = utf16Order(even, fileOrder)
  return new TextDecoder(order === 'be' ? 'utf-16be' : 'utf-16le').decode(even).replace(/\0+$/, '')
}

function utf16Order(bytes: Uint8Array, fileOrder: 'le' | 'be'): 'le' | 'be' {
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'be'
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'le'
  let highFirst = 0
  let lowFirst = 0
  for (let at = 0; at + 1 < bytes.length; at += 2) {
    if (bytes[at] === 0 && bytes[at + 1] !== 0) highFirst++
    if (bytes[at] !== 0 && bytes[at + 1] === 0) lowFirst++
  }
  if (highFirst === lowFirst) return fileOrder
  return highFirst > lowFirst ? 'be' : 'le'
}

function trimNuls(bytes: Uint8Array): Uint8Array {
  let end = bytes.length
  while (end > 0 && bytes[end - 1] === 0) end--
  return bytes.subarray(0, end)
}
