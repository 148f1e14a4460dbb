// Tree → what the text encoder is to read at one step: runs of text with their weights. Schedules, alternations and choices are
// settled here; nothing is tokenized yet.
import type { Prompt, PromptNode } from '#recipes/prompt/ast.ts'
import { chooseOption } from '#recipes/prompt/choose.ts'

/** A piece of a segment's text and where its first character stands in the prompt. */
export interface SegmentPiece {
  /** Offset in the segment's text. */
  readonly offset: number
  /** Offset in the prompt as typed. */
  readonly source: number
}

export interface TextSegment {
  readonly type: 'text'
  /** Without escapes and brackets. */
  readonly text: string
  readonly weight: number
  readonly pieces: readonly SegmentPiece[]
}

/** What follows starts a new chunk. */
export interface BreakSegment {
  readonly type: 'break'
}

export type Segment = TextSegment | BreakSegment

export interface ReadingPart {
  /** Share of this part's guidance, 1 for a prompt without AND. */
  readonly weight: number
  readonly segments: readonly Segment[]
}

/** A prompt with everything that depends on step and seed settled. */
export interface Reading {
  readonly parts: readonly ReadingPart[]
}

export interface ReadOptions {
  /** 1-based sampler step. */
  readonly step: number
  readonly steps: number
  /** The image's seed, which draws the choices. */
  readonly seed: number
}

/** What the prompt says at `step` of `steps`. `[a:b:10]` says a up to and including step 10, `[a|b]` says a at step 1. */
export function readPrompt(prompt: Prompt, options: ReadOptions): Reading {
  const several = prompt.parts.length > 1
  return {
    parts: prompt.parts.map((part) => {
      const reader = new SegmentReader(options)
      reader.read(part.nodes, 1)
      return { weight: part.weight, segments: several ? trimEnds(reader.segments) : reader.segments }
    }),
  }
}

/** A prompt taken literally, brackets and all. */
export function readLiterally(text: string): Reading {
  return { parts: [{ weight: 1, segments: literalSegments(text) }] }
}

function literalSegments(text: string): Segment[] {
  return [{ type: 'text', text, weight: 1, pieces: [{ offset: 0, source: 0 }] }]
}

interface OpenSegment {
  text: string[]
  length: number
  weight: number
  pieces: SegmentPiece[]
}

class SegmentReader {
  readonly segments: Segment[] = []
  readonly #options: ReadOptions
  #open: OpenSegment | undefined

  constructor(options: ReadOptions) {
    this.#options = options
  }

  read(nodes: readonly PromptNode[], weight: number): void {
    this.#walk(nodes, weight)
    this.#close()
    // An empty prompt is still read, as one empty text.
    if (this.segments.length === 0) this.segments.push(...literalSegments(''))
  }

  #walk(nodes: readonly PromptNode[], weight: number): void {
    for (const node of nodes) this.#node(node, weight)
  }

  #node(node: PromptNode, weight: number): void {
    const { step, steps, seed } = this.#options
    switch (node.type) {
      case 'text':
        this.#text(node.raw, node.start, weight)
        break
      case 'emphasis':
        this.#walk(node.children, weight * node.weight)
        break
      case 'braces':
        this.#plain('{', node.start, weight)
        this.#walk(node.children, weight)
        this.#plain(node.close, node.end - 1, weight)
        break
      case 'choice':
        this.#walk(chooseOption(node, seed), weight)
        break
      case 'alternate':
        this.#walk(node.options[(step - 1) % node.options.length] ?? [], weight)
        break
      case 'schedule':
        this.#walk(step <= switchStep(node.when, node.isShare, steps) ? (node.from ?? []) : node.to, weight)
        break
      case 'break':
        this.#close()
        this.segments.push({ type: 'break' })
        break
      case 'network':
        break
      default:
        node satisfies never
    }
  }

  /** Text with its escapes undone: a backslash before a character of the syntax goes. */
  #text(raw: string, start: number, weight: number): void {
    let from = 0
    for (let at = raw.indexOf('\\'); at !== -1; at = raw.indexOf('\\', at + 2)) {
      if (!isSyntax(raw[at + 1])) continue
      this.#plain(raw.slice(from, at), start + from, weight)
      from = at + 1
    }
    this.#plain(raw.slice(from), start + from, weight)
  }

  #plain(text: string, source: number, weight: number): void {
    if (text === '') return
    if (this.#open !== undefined && this.#open.weight !== weight) this.#close()
    this.#open ??= { text: [], length: 0, weight, pieces: [] }
    this.#open.pieces.push({ offset: this.#open.length, source })
    this.#open.text.push(text)
    this.#open.length += text.length
  }

  #close(): void {
    if (this.#open === undefined) return
    const { text, weight, pieces } = this.#open
    this.segments.push({ type: 'text', text: text.join(''), weight, pieces })
    this.#open = undefined
  }
}

/** The last step that still says `from`. */
export function switchStep(when: number, isShare: boolean, steps: number): number {
  return Math.min(steps, Math.floor(isShare ? when * steps : when))
}

function isSyntax(character: string | undefined): boolean {
  return character !== undefined && '()[]{}:|<\\'.includes(character)
}

/** White space around AND belongs to neither part. */
function trimEnds(segments: readonly Segment[]): Segment[] {
  const last = segments.length - 1
  const trimmed = segments.map((segment, index) => {
    if (segment.type !== 'text' || (index !== 0 && index !== last)) return segment
    const started = index === 0 ? segment.text.trimStart() : segment.text
    const cut = segment.text.length - started.length
    const text = index === last ? started.trimEnd() : started
    return { ...segment, text, pieces: shiftPieces(segment.pieces, cut) }
  })
  const filled = trimmed.filter((segment) => segment.type === 'break' || segment.text !== '')
  return filled.length === 0 ? literalSegments('') : filled
}

function shiftPieces(pieces: readonly SegmentPiece[], cut: number): SegmentPiece[] {
  const next = pieces.findIndex(({ offset }) => offset > cut)
  const kept = pieces.slice(Math.max(0, (next === -1 ? pieces.length : next) - 1))
  return kept.map(({ offset, source }, index) =>
    index === 0 ? { offset: 0, source: source + cut - offset } : { offset: offset - cut, source },
  )
}
