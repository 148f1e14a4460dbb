// JSON from strangers: bounded in size and depth before it is parsed, Python's NaN tolerated, and read through small accessors
// instead of casts.

/** The largest ComfyUI workflows people share are about 1 MB. */
const JSON_LENGTH_MAX = 4 * 1024 * 1024
/** Real metadata nests about ten deep; what walks it later may recurse. */
const JSON_DEPTH_MAX = 64

export type JsonRecord = Readonly<Record<string, unknown>>

/** @throws RangeError when it is too long or too deep; TypeError when it is not JSON. */
export function parseForeignJson(text: string): unknown {
  if (text.length > JSON_LENGTH_MAX) {
    throw new RangeError(`The JSON is ${text.length} characters long; up to ${JSON_LENGTH_MAX} are read`)
  }
  const { depth, cleaned } = scan(text)
  if (depth > JSON_DEPTH_MAX) throw new RangeError(`The JSON nests ${depth} deep; up to ${JSON_DEPTH_MAX} is read`)
  try {
    return JSON.parse(cleaned)
  } catch (cause) {
    throw new TypeError('The JSON is damaged or cut off', { cause })
  }
}

/** The text as an object, or undefined where it is anything else. @throws as parseForeignJson. */
export function parseForeignRecord(text: string): JsonRecord | undefined {
  return text.trimStart().startsWith('{') ? asRecord(parseForeignJson(text)) : undefined
}

/** Deepest nesting, and the text with NaN and Infinity (which Python writes) as null. One pass, strings skipped. */
function scan(text: string): { depth: number; cleaned: string } {
  let depth = 0
  let deepest = 0
  const parts: string[] = []
  let kept = 0
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '"') {
      at++
      while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
    } else if (character === '{' || character === '[') {
      depth++
      if (depth > deepest) deepest = depth
    } else if (character === '}' || character === ']') {
      depth--
    } else if (character === 'N' || character === 'I') {
      const word = text.startsWith('NaN', at) ? 'NaN' : text.startsWith('Infinity', at) ? 'Infinity' : undefined
      if (word === undefined) continue
      const from = text[at - 1] === '-' ? at - 1 : at
      parts.push(text.slice(kept, from), 'null')
      at += word.length - 1
      kept = at + 1
    }
  }
  return { depth: deepest, cleaned: parts.length === 0 ? text : parts.join('') + text.slice(kept) }
}

export function asRecord(value: unknown): JsonRecord | undefined {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined
  return value as JsonRecord
}

/** The first of these fields that holds text, or a number as text. */
export function textField(record: JsonRecord | undefined, ...keys: string[]): string | undefined {
  for (const key of keys) {
    const value = ownField(record, key)
    if (typeof value === 'string') return value
    if (typeof value === 'number') return String(value)
  }
  return undefined
}

/** The first of these fields that holds a finite number, or text that is one. */
export function numberField(record: JsonRecord | undefined, ...keys: string[]): number | undefined {
  for (const key of keys) {
    const number = asNumber(ownField(record, key))
    if (number !== undefined) return number
  }
  return undefined
}

export function recordField(record: JsonRecord | undefined, key: string): JsonRecord | undefined {
  return asRecord(ownField(record, key))
}

export function listField(record: JsonRecord | undefined, key: string): readonly unknown[] {
  const value = ownField(record, key)
  return Array.isArray(value) ? value : []
}

export function asNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  // At most what a number is long: Number() of a megabyte of digits is slow.
  if (typeof value !== 'string' || value.length > 40 || value.trim() === '') return undefined
  const number = Number(value)
  return Number.isFinite(number) ? number : undefined
}

function ownField(record: JsonRecord | undefined, key: string): unknown {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined
}
