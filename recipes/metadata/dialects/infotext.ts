// The grammar of A1111's infotext: modules/infotext_utils.py, AUTOMATIC1111/stable-diffusion-webui; scanned by hand, because its
// expression backtracks on hostile text and takes the JSON that Civitai puts in unquoted for several pairs.

export interface Infotext {
  readonly prompt: string
  readonly negativePrompt: string
  /** In the order written; of a repeated key the first stays. */
  readonly settings: ReadonlyMap<string, string>
}

const NEGATIVE = 'Negative prompt:'
/** Pairs a last line must have to count as settings, as A1111 itself decides. */
const PAIRS_MIN = 3
const PAIRS_MAX = 500
/** Lines of settings and templates behind them; prompts in front may have any number. */
const LINES_MAX = 50

/** @returns undefined where the text has no line of settings. */
export function parseInfotext(text: string): Infotext | undefined {
  const lines = text.replaceAll('\r\n', '\n').trim().split('\n')
  const at = settingsLine(lines)
  if (at === undefined) return undefined
  const settings = new Map<string, string>()
  // Templates of the wildcard extensions stand on lines of their own behind the settings.
  for (const line of lines.slice(at, at + LINES_MAX)) {
    for (const [key, value] of parsePairs(line)) if (!settings.has(key)) settings.set(key, value)
  }
  const before = lines.slice(0, at)
  const negativeAt = before.findIndex((line) => line.trimStart().startsWith(NEGATIVE))
  const positive = negativeAt === -1 ? before : before.slice(0, negativeAt)
  const negative = negativeAt === -1 ? [] : before.slice(negativeAt)
  return {
    prompt: positive.join('\n').trim(),
    negativePrompt: negative.join('\n').trim().slice(NEGATIVE.length).trim(),
    settings,
  }
}

/** The last line of at least three pairs, or the last one that starts with `Steps:`. */
function settingsLine(lines: readonly string[]): number | undefined {
  const last = lines.length - 1
  const steps = lines.findLastIndex((line) => line.trimStart().startsWith('Steps: '))
  if (steps !== -1) return steps
  return parsePairs(lines[last] ?? '').length >= PAIRS_MIN ? last : undefined
}

/** `Key: value` pairs; values are plain up to the comma, a JSON string, or JSON in braces or brackets. */
export function parsePairs(line: string): [key: string, value: string][] {
  const pairs: [string, string][] = []
  // A wall of brackets that never close would be searched to its end again and again.
  const budget = { characters: 4 * line.length }
  let at = 0
  while (at < line.length && pairs.length < PAIRS_MAX) {
    const colon = line.indexOf(':', at)
    if (colon === -1) break
    // A key has no comma: what stands before the last one is a stray word.
    const words = line.slice(at, colon)
    const key = words.slice(words.lastIndexOf(',') + 1).trim()
    const start = skipSpaces(line, colon + 1)
    const end = valueEnd(line, start, budget)
    if (/^\w[\w \-/.]*$/.test(key)) pairs.push([key, unquote(line.slice(start, end).trim())])
    const comma = line.indexOf(',', end)
    at = comma === -1 ? line.length : comma + 1
  }
  return pairs
}

function skipSpaces(line: string, from: number): number {
  let at = from
  while (line[at] === ' ' || line[at] === '\t') at++
  return at
}

interface Budget {
  characters: number
}

function valueEnd(line: string, start: number, budget: Budget): number {
  const first = line[start]
  if (first === '"') return stringEnd(line, start, budget) ?? commaOrEnd(line, start)
  if (first === '{' || first === '[') return jsonEnd(line, start, budget) ?? commaOrEnd(line, start)
  return commaOrEnd(line, start)
}

function commaOrEnd(line: string, start: number): number {
  const comma = line.indexOf(',', start)
  return comma === -1 ? line.length : comma
}

/** Behind the closing quote of the JSON string at `start`. */
function stringEnd(line: string, start: number, budget: Budget): number | undefined {
  let at = start + 1
  while (at < line.length && line[at] !== '"' && budget.characters-- > 0) at += line[at] === '\\' ? 2 : 1
  return line[at] === '"' ? at + 1 : undefined
}

/** Behind the bracket that closes the one at `start`, strings skipped. */
function jsonEnd(line: string, start: number, budget: Budget): number | undefined {
  let depth = 0
  for (let at = start; at < line.length && budget.characters-- > 0; at++) {
    const character = line[at]
    if (character === '"') at = (stringEnd(line, at, budget) ?? line.length) - 1
    else if (character === '{' || character === '[') depth++
    else if ((character === '}' || character === ']') && --depth === 0) return at + 1
  }
  return undefined
}

function unquote(value: string): string {
  if (value.length < 2 || !value.startsWith('"') || !value.endsWith('"')) return value
  try {
    const text: unknown = JSON.parse(value)
    return typeof text === 'string' ? text : value
  } catch {
    return value
  }
}
