// Prompt text → tree. Never throws, one pass, and every character lands in exactly one node. What looks like a mistake is read
// the way A1111 reads it (or as plain text) and named as a problem with its place.
//
// Known differences from A1111, on purpose: `:number` at the end weighs a part only where there is an AND, so that "at 10:30"
// stays text; a backslash before an ordinary character stays; AND inside brackets is text.
import type { Prompt, PromptNode, PromptPart, PromptProblem } from './ast.ts'
import {
  asText,
  type Item,
  isPipe,
  ROUND_WEIGHT,
  readSquare,
  SQUARE_WEIGHT,
  split,
  textNode,
  trailingWeight,
  WEIGHT_MAX,
} from './bracket-items.ts'
import { isWordAt, scanNetwork, scanNumber, scanWildcard, skipSpace } from './scan.ts'

/** Brackets nested deeper are text: people write at most ten, and it bounds every later walk over the tree. */
const DEPTH_MAX = 64
/** Every part is one more row of each U-Net call, so a prompt of nothing but ANDs must not take a worker down. */
const PARTS_MAX = 8
/** A wall of brackets needs no more red lines than this. */
const PROBLEMS_MAX = 100

type Opener = '(' | '[' | '{'
const OPENER = { ')': '(', ']': '[', '}': '{' } as const

interface Frame {
  readonly open: Opener
  readonly start: number
  readonly items: Item[]
}

export interface ParseOptions {
  /** Whether AND joins prompts; in a negative prompt it is text, as in A1111, since there is one direction to steer away from. */
  readonly joins?: boolean
}

export function parsePrompt(text: string, { joins = true }: ParseOptions = {}): Prompt {
  return new Parser(text, joins ? PARTS_MAX : 1).parse()
}

class Parser {
  readonly #text: string
  readonly #partsMax: number
  readonly #problems: PromptProblem[] = []
  readonly #parts: PromptPart[] = []
  readonly #frames: Frame[] = []
  /** Openers past DEPTH_MAX whose closers are text as well. */
  readonly #tooDeep: Opener[] = []
  #top: Item[] = []
  #partStart = 0
  #textStart = 0
  #at = 0

  constructor(text: string, partsMax: number) {
    this.#text = text
    this.#partsMax = partsMax
  }

  parse(): Prompt {
    while (this.#at < this.#text.length) this.#step()
    this.#flushText()
    while (this.#frames.length > 0) this.#closeAtEnd()
    this.#endPart(this.#text.length, false)
    return { parts: this.#parts, problems: this.#problems }
  }

  #step(): void {
    const character = this.#text[this.#at]
    switch (character) {
      case '\\':
        this.#at += 2
        break
      case '(':
      case '[':
      case '{':
        this.#open(character)
        break
      case ')':
      case ']':
      case '}':
        this.#close(character)
        break
      case ':':
        this.#colon()
        break
      case '|':
        this.#pipe()
        break
      case '<':
        this.#network()
        break
      case 'A':
        this.#and()
        break
      case 'B':
        this.#break()
        break
      case '_':
        this.#wildcard()
        break
      default:
        this.#at++
    }
  }

  get #frame(): Frame | undefined {
    return this.#frames.at(-1)
  }

  get #items(): Item[] {
    return this.#frame?.items ?? this.#top
  }

  #flushText(): void {
    const end = Math.min(this.#at, this.#text.length)
    if (end > this.#textStart) this.#items.push(textNode(this.#text, this.#textStart, end))
    this.#textStart = end
  }

  /** Ends the run of text, adds the node that ends at `end`, and goes on after it. */
  #push(node: Item): void {
    this.#flushText()
    this.#items.push(node)
    this.#at = node.end
    this.#textStart = node.end
  }

  #problem(start: number, end: number, message: string): void {
    if (this.#problems.length < PROBLEMS_MAX) this.#problems.push({ start, end, message })
  }

  #open(open: Opener): void {
    if (this.#frames.length >= DEPTH_MAX) {
      if (this.#tooDeep.length === 0) {
        this.#problem(this.#at, this.#at + 1, `Brackets nest more than ${DEPTH_MAX} deep here; the inner ones are text`)
      }
      this.#tooDeep.push(open)
      this.#at++
      return
    }
    this.#flushText()
    this.#frames.push({ open, start: this.#at, items: [] })
    this.#at++
    this.#textStart = this.#at
  }

  #close(closer: ')' | ']' | '}'): void {
    if (this.#tooDeep.at(-1) === OPENER[closer]) {
      this.#tooDeep.pop()
      this.#at++
      return
    }
    const frame = this.#frame
    if (frame?.open !== OPENER[closer]) {
      const why = frame === undefined ? 'closes nothing' : `does not close the ${frame.open} before it`
      // A lone brace is an ordinary character; a lone bracket is nearly always a slip.
      if (closer !== '}') this.#problem(this.#at, this.#at + 1, `This ${closer} ${why}, so it is read as text`)
      this.#at++
      return
    }
    this.#popFrame(frame, closer, this.#at + 1)
  }

  #popFrame(frame: Frame, close: string, end: number): void {
    this.#flushText()
    this.#frames.pop()
    this.#items.push(this.#closed(frame, close, end))
    this.#at = end
    this.#textStart = end
  }

  #closed(frame: Frame, close: string, end: number): PromptNode {
    const { open, start, items } = frame
    switch (open) {
      case '(':
        return { type: 'emphasis', open, close, weight: ROUND_WEIGHT, children: asText(this.#text, items), start, end }
      case '[':
        return this.#square(items, start, end)
      case '{':
        return items.some(isPipe)
          ? { type: 'choice', options: split(this.#text, items, '|'), start, end }
          : { type: 'braces', close: '}', children: asText(this.#text, items), start, end }
      default:
        return open satisfies never
    }
  }

  #square(items: readonly Item[], start: number, end: number): PromptNode {
    const { node, problem } = readSquare(this.#text, items, { start, end })
    if (problem !== undefined) this.#problem(start, end, problem)
    return node
  }

  #closeAtEnd(): void {
    const frame = this.#frames.pop()
    if (frame === undefined) return
    const { open, start } = frame
    const end = this.#text.length
    const children = asText(this.#text, frame.items)
    if (open === '{') {
      this.#problem(start, start + 1, 'This { is never closed, so it is read as text')
      this.#items.push({ type: 'braces', close: '', children, start, end })
      return
    }
    this.#problem(
      start,
      start + 1,
      `This ${open} is never closed, so it acts up to the end. For a plain one write \\${open}`,
    )
    const weight = open === '(' ? ROUND_WEIGHT : SQUARE_WEIGHT
    this.#items.push({ type: 'emphasis', open, close: '', weight, children, start, end })
  }

  #colon(): void {
    const frame = this.#frame
    if (frame?.open === '[') {
      this.#push({ type: ':', start: this.#at, end: this.#at + 1 })
      return
    }
    if (frame?.open === '(') {
      const number = scanNumber(this.#text, this.#at + 1, this.#text.length)
      const closer = number && skipSpace(this.#text, number.end, this.#text.length)
      const closes = closer !== undefined && this.#text[closer] === ')'
      if (closes && Math.abs(number?.value ?? 0) > WEIGHT_MAX) {
        this.#problem(this.#at, closer, `Weights are -${WEIGHT_MAX} to ${WEIGHT_MAX}, so this is read as text`)
      } else if (number !== undefined && closes) {
        this.#flushText()
        this.#frames.pop()
        const { open, start, items } = frame
        const close = this.#text.slice(this.#at, closer + 1)
        const children = asText(this.#text, items)
        this.#items.push({ type: 'emphasis', open, close, weight: number.value, children, start, end: closer + 1 })
        this.#at = closer + 1
        this.#textStart = this.#at
        return
      }
    }
    this.#at++
  }

  #pipe(): void {
    const open = this.#frame?.open
    if (open === '[' || open === '{') this.#push({ type: '|', start: this.#at, end: this.#at + 1 })
    else this.#at++
  }

  #network(): void {
    const found = scanNetwork(this.#text, this.#at)
    if (found === undefined) {
      this.#at++
      return
    }
    const { raw, kind, name, argument } = found
    const end = this.#at + raw.length
    const scale = argument === undefined ? undefined : scanNumber(argument, 0, argument.length)
    if (argument !== undefined && scale?.end !== argument.length) {
      this.#problem(this.#at, end, `The scale of <${kind}:${name}> is not a number, so it counts as 1`)
    }
    const value = scale?.end === argument?.length ? (scale?.value ?? 1) : 1
    this.#push({ type: 'network', raw, kind, name, scale: value, start: this.#at, end })
  }

  #and(): void {
    if (!isWordAt(this.#text, 'AND', this.#at)) {
      this.#at++
      return
    }
    if (this.#frames.length > 0 || this.#parts.length === this.#partsMax - 1) {
      this.#problem(this.#at, this.#at + 3, `${this.#whyNotJoined()} it is read as text`)
      this.#at += 3
      return
    }
    this.#flushText()
    this.#endPart(this.#at, true)
    this.#at += 3
    this.#textStart = this.#at
    this.#partStart = this.#at
  }

  #whyNotJoined(): string {
    if (this.#partsMax === 1) return 'AND joins prompts, not negative ones;'
    if (this.#frames.length > 0) return 'AND joins whole prompts; inside brackets'
    return `AND joins ${this.#partsMax} prompts at most; from here`
  }

  #break(): void {
    if (isWordAt(this.#text, 'BREAK', this.#at)) this.#push({ type: 'break', start: this.#at, end: this.#at + 5 })
    else this.#at++
  }

  #wildcard(): void {
    const wildcard = scanWildcard(this.#text, this.#at)
    if (wildcard !== undefined) {
      const end = this.#at + wildcard.length
      this.#problem(this.#at, end, `Wildcard files are not read; write the choices out, {red|green|blue}`)
    }
    this.#at += wildcard?.length ?? 1
  }

  /** Ends a part at `end`; with several parts `:weight` at its end is its weight. */
  #endPart(end: number, more: boolean): void {
    const items = this.#top
    this.#top = []
    const start = this.#partStart
    const weighted = more || this.#parts.length > 0 ? trailingWeight(this.#text, items.at(-1), start, end) : undefined
    if (weighted !== undefined) {
      const last = items.pop()
      if (last !== undefined && weighted.start > last.start)
        items.push(textNode(this.#text, last.start, weighted.start))
    }
    this.#parts.push({
      nodes: asText(this.#text, items),
      weight: weighted?.weight ?? 1,
      rawWeight: weighted === undefined ? '' : this.#text.slice(weighted.start, end),
      start,
      end,
    })
  }
}
