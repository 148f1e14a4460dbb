// Prompt syntaxes of other programs → ours (A1111's). One pass each, so that hostile text costs no more than its length.
import { PROMPT_LENGTH_MAX } from '#contracts/limits.ts'

export interface TranslatedPrompt {
  readonly text: string
  readonly changed: boolean
}

/** Longer prompts are refused anyway, so they are not worth rewriting. */
const TRANSLATED_LENGTH_MAX = 2 * PROMPT_LENGTH_MAX
/** NovelAI's braces: 1.05 a brace, as its documentation says. */
const BRACE_WEIGHT = 1.05
/** Weights written with at most three decimals. */
const round = (weight: number): number => Math.round(weight * 1000) / 1000

/**
 * NovelAI: `{a}` is 1.05 times, `[a]` divided by 1.05, `1.2::a::` (V4) is 1.2; round brackets and bars are plain text there.
 * Brackets that never close act up to the end, as they do there.
 */
export function fromNovelAi(text: string): TranslatedPrompt {
  if (text.length > TRANSLATED_LENGTH_MAX || !/[{}[\]()|\\]|::/.test(text)) return { text, changed: false }
  const out: string[] = []
  let run = ''
  let braces = 0
  let factor = 1
  const flush = () => {
    const weight = round(BRACE_WEIGHT ** braces * factor)
    out.push(weight === 1 || run.trim() === '' ? run : wrap(run, weight))
    run = ''
  }
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? ''
    if (character === '{' || character === '[' || character === '}' || character === ']') {
      flush()
      braces += character === '{' || character === ']' ? 1 : -1
    } else if (character === ':' && text[at + 1] === ':') {
      const number = /-?\d{1,3}(?:\.\d{1,4})?$/.exec(run.slice(-9))
      if (number !== null) run = run.slice(0, run.length - number[0].length)
      flush()
      factor = number === null ? 1 : Number(number[0])
      at++
    } else {
      run += '()|\\'.includes(character) ? `\\${character}` : character
    }
  }
  flush()
  return { text: out.join(''), changed: true }
}

/** `(a:1.2)`, white space kept outside. */
function wrap(text: string, weight: number): string {
  const inner = text.trim()
  const start = text.indexOf(inner)
  return `${text.slice(0, start)}(${inner}:${weight})${text.slice(start + inner.length)}`
}

/** compel's `+` and `-`: 1.1 and 0.9 a sign. */
const PLUS = 1.1
const MINUS = 0.9

/** InvokeAI (compel): `cat++`, `(a cat)1.2`, `(a cat)-`; a bracket with nothing behind it only groups. */
export function fromCompel(text: string): TranslatedPrompt {
  if (text.length > TRANSLATED_LENGTH_MAX || !/[()[\]{}|+-]/.test(text)) return { text, changed: false }
  const stack: { out: string[]; wordAt: number }[] = [{ out: [], wordAt: 0 }]
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? ''
    const top = stack.at(-1)
    if (top === undefined) break
    if (character === '\\') {
      top.out.push(text.slice(at, at + 2))
      at++
    } else if (character === '(') {
      stack.push({ out: [], wordAt: 0 })
    } else if (character === ')' && stack.length > 1) {
      stack.pop()
      const { weight, length } = suffix(text, at + 1)
      const content = top.out.join('')
      stack.at(-1)?.out.push(weight === 1 ? content : `(${content}:${weight})`)
      at += length
    } else if ((character === '+' || character === '-') && top.out.length > top.wordAt) {
      const { weight, length } = signs(text, at)
      const after = text[at + length]
      // Signs at the end of a word weigh it; inside one, as in "black-and-white", they are hyphens.
      if (after !== undefined && !/[\s,.;:!?)]/.test(after)) {
        top.out.push(text.slice(at, at + length))
      } else {
        const word = top.out.splice(top.wordAt).join('')
        top.out.push(`(${word}:${weight})`)
      }
      at += length - 1
    } else {
      // Square brackets and braces mean nothing to compel and much to A1111.
      top.out.push('[]{}|'.includes(character) ? `\\${character}` : character)
      if (/[\s,.;:!?]/.test(character)) top.wordAt = top.out.length
    }
  }
  // Brackets never closed group nothing; their content stands as it is.
  const translated = stack.map(({ out }) => out.join('')).join('\\(')
  return { text: translated, changed: translated !== text }
}

/** What stands behind a closing bracket: signs, or a number. */
function suffix(text: string, at: number): { weight: number; length: number } {
  const number = /^\d{1,3}(?:\.\d{1,4})?/.exec(text.slice(at, at + 9))
  if (number !== null) return { weight: Number(number[0]), length: number[0].length }
  return signs(text, at)
}

function signs(text: string, at: number): { weight: number; length: number } {
  const sign = text[at]
  let length = 0
  while ((sign === '+' || sign === '-') && text[at + length] === sign) length++
  // Past twenty signs the weight is out of all proportion anyhow.
  return { weight: round((sign === '+' ? PLUS : MINUS) ** Math.min(length, 20)), length }
}
