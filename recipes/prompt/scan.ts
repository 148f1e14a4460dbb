// Small scanners the parser is made of. Each looks only at characters it consumes or at a bounded window, which is what keeps
// parsing linear on hostile input; a regular expression here would backtrack.

export interface ScannedNumber {
  readonly value: number
  /** Where it starts, after white space, and where it ends. */
  readonly start: number
  readonly end: number
}

export function skipSpace(text: string, from: number, to: number): number {
  let at = from
  while (at < to && isSpace(text.charCodeAt(at))) at++
  return at
}

/** `[+-]?digits[.digits]` after optional white space; undefined where there is none, or one too large for a double. */
export function scanNumber(text: string, from: number, to: number): ScannedNumber | undefined {
  const start = skipSpace(text, from, to)
  let at = start
  if (text[at] === '+' || text[at] === '-') at++
  const whole = skipDigits(text, at, to)
  const end = text[whole] === '.' && whole < to ? skipDigits(text, whole + 1, to) : whole
  const digits = end - at - (end > whole ? 1 : 0)
  if (digits === 0) return undefined
  const value = Number(text.slice(start, end))
  return Number.isFinite(value) ? { value, start, end } : undefined
}

function skipDigits(text: string, from: number, to: number): number {
  let at = from
  while (at < to && isDigit(text.charCodeAt(at))) at++
  return at
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57

const isSpace = (code: number): boolean => code === 32 || (code >= 9 && code <= 13) || code === 0xa0 || code === 0x3000

/** Whether `word` stands at `at` with no letter, digit or underscore on either side. */
export function isWordAt(text: string, word: string, at: number): boolean {
  return text.startsWith(word, at) && !isWordCharacter(text[at - 1]) && !isWordCharacter(text[at + word.length])
}

function isWordCharacter(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}_]/u.test(character)
}

/** Longest `<lora:…>` looked for: paths of 200 characters, a scale, and the brackets. */
const NETWORK_LENGTH_MAX = 256
const NETWORK = /^<(lora|lyco|hypernet):([^:<>\n]+)(?::([^<>\n]*))?>/

export interface ScannedNetwork {
  readonly raw: string
  readonly kind: string
  readonly name: string
  /** What stands after the name, undefined when nothing does. */
  readonly argument: string | undefined
}

/** `<lora:name:0.8>` at `at`, else undefined: other text in angle brackets is text. */
export function scanNetwork(text: string, at: number): ScannedNetwork | undefined {
  const match = NETWORK.exec(text.slice(at, at + NETWORK_LENGTH_MAX))
  if (match === null) return undefined
  const [raw, kind = '', name = '', argument] = match
  return { raw, kind, name, argument }
}

/** `__name__`, the mark of wildcard files, at `at`; undefined where there is none. */
export function scanWildcard(text: string, at: number): string | undefined {
  return /^__[A-Za-z0-9][A-Za-z0-9_/-]{0,60}?__/.exec(text.slice(at, at + 64))?.[0]
}
