// What the Studio shows while somebody types: tokens and where they stand, chunk borders, effective weights, and everything that
// will not do what it looks like. Reads the prompt as the first step reads it.
import type { Weighting } from '#contracts/recipe.ts'
import type { Prompt, PromptProblem, Span } from '#recipes/prompt/ast.ts'
import { leavesOf } from '#recipes/prompt/leaves.ts'
import { isLora } from '#recipes/prompt/networks.ts'
import { parsePrompt } from '#recipes/prompt/parse.ts'
import { CHUNKS_MAX, type Chunk, chunkSegments, type PromptTokenizer } from './chunk.ts'
import { locateTokens, sourceMap } from './locate-tokens.ts'
import { type Reading, readLiterally, readPrompt } from './read.ts'
import { unknownWordId } from './unknown-word.ts'

/** Letters with none of plain Latin among them. */
const FOREIGN_WORD = /[[\p{L}\p{N}]--[\p{Script=Latin}0-9]]+/gv

export interface AnalyzerTokenizer extends PromptTokenizer {
  /** The text of one id as the vocabulary spells it. */
  tokenText(id: number): string
}

export interface AnalyzedToken extends Span {
  readonly id: number
  readonly text: string
  readonly weight: number
  /** Counted over the whole prompt. */
  readonly chunk: number
  /** Which of the prompts joined by AND. */
  readonly part: number
}

export interface PromptAnalysis {
  readonly tokens: readonly AnalyzedToken[]
  /** Tokens one chunk holds. */
  readonly bodyLength: number
  readonly chunkCount: number
  /** Where each chunk but the first starts in the prompt. */
  readonly borders: readonly number[]
  /** Stretches whose weight is not 1, in order. */
  readonly weights: readonly (Span & { readonly weight: number })[]
  readonly problems: readonly PromptProblem[]
}

export interface AnalyzeOptions {
  /** Default false. */
  readonly isNegative?: boolean
  /** Default `a1111`. */
  readonly weighting?: Weighting
  /** The seed that draws `{a|b}`; default 0. */
  readonly seed?: number
  /** Default 30; decides nothing at the first step but shares of it. */
  readonly steps?: number
  /** Chunks the model can take; a U-Net fixed to one window takes 1. Default CHUNKS_MAX. */
  readonly chunksMax?: number
  /** Names of the LoRAs that can be loaded; default none. */
  readonly networks?: ReadonlySet<string>
}

export function analyzePrompt(
  text: string,
  tokenizer: AnalyzerTokenizer,
  options: AnalyzeOptions = {},
): PromptAnalysis {
  const { isNegative = false, weighting = 'a1111', seed = 0, steps = 30, chunksMax = CHUNKS_MAX, networks } = options
  const prompt: Prompt = weighting === 'none' ? { parts: [], problems: [] } : parsePrompt(text, { joins: !isNegative })
  const reading = weighting === 'none' ? readLiterally(text) : readPrompt(prompt, { step: 1, steps, seed })

  const unknown = unknownWordId(tokenizer)
  const tokens: AnalyzedToken[] = []
  const borders: number[] = []
  const cuts: number[] = []
  let chunkCount = 0
  reading.parts.forEach((part, partIndex) => {
    const chunks = chunkSegments(part.segments, tokenizer)
    const located = locateChunks(chunks, tokenizer, unknown)
    located.forEach((chunk, index) => {
      for (const token of chunk) tokens.push({ ...token, chunk: chunkCount + index, part: partIndex })
      const start = chunk[0]?.start
      if (index > 0 && start !== undefined) borders.push(start)
      if (index === chunksMax && start !== undefined) cuts.push(start)
    })
    chunkCount += chunks.length
  })
  return {
    tokens,
    bodyLength: tokenizer.bodyLength,
    chunkCount,
    borders,
    weights: weightStretches(text, tokens),
    problems: [
      ...prompt.problems,
      ...networkProblems(prompt, networks ?? new Set(), isNegative),
      ...unknownWords(tokens, unknown),
      ...unreadWords(reading.parts, tokenizer),
      ...cuts.map((start) => ({
        start,
        end: text.length,
        message: `This model reads ${chunksMax * tokenizer.bodyLength} tokens; from here on the prompt is left out`,
      })),
    ],
  }
}

type LocatedToken = Omit<AnalyzedToken, 'chunk' | 'part'>

/** Tokens of a segment are located together, since each place depends on the one before, wherever the chunks were cut. */
function locateChunks(chunks: readonly Chunk[], tokenizer: AnalyzerTokenizer, unknown?: number): LocatedToken[][] {
  const texts = new Map<object, (string | undefined)[]>()
  for (const { segment, id } of chunks.flat()) {
    const text = id === unknown ? undefined : tokenizer.tokenText(id)
    const known = texts.get(segment)
    if (known === undefined) texts.set(segment, [text])
    else known.push(text)
  }
  const places = new Map<object, Span[]>()
  for (const { segment } of chunks.flat()) {
    if (!places.has(segment)) places.set(segment, locateTokens(segment, texts.get(segment) ?? []))
  }
  return chunks.map((chunk) =>
    chunk.map(({ id, weight, segment, index }) => {
      const place = places.get(segment)?.[index] ?? { start: 0, end: 0 }
      return { id, text: tokenizer.tokenText(id), weight, start: place.start, end: place.end }
    }),
  )
}

/** Words of one bracket are one stretch, commas and all. */
function weightStretches(text: string, tokens: readonly AnalyzedToken[]): (Span & { weight: number })[] {
  const stretches: { start: number; end: number; weight: number; part: number }[] = []
  for (const { start, end, weight, part } of tokens) {
    if (weight === 1) continue
    const last = stretches.at(-1)
    const goesOn = last?.weight === weight && last.part === part && !/[()[\]{}<>|]/.test(text.slice(last.end, start))
    if (last !== undefined && goesOn) last.end = end
    else stretches.push({ start, end, weight, part })
  }
  return stretches.map(({ start, end, weight }) => ({ start, end, weight }))
}

function unknownWords(tokens: readonly AnalyzedToken[], unknown: number | undefined): PromptProblem[] {
  if (unknown === undefined) return []
  return tokens
    .filter(({ id }) => id === unknown)
    .map(({ start, end }) => ({ start, end, message: 'This model does not know this word and reads past it' }))
}

/** Some tokenizers drop letters of other scripts without a token. */
function unreadWords(parts: Reading['parts'], tokenizer: AnalyzerTokenizer): PromptProblem[] {
  return parts.flatMap(({ segments }) =>
    segments.flatMap((segment) => {
      if (segment.type !== 'text') return []
      const toSource = sourceMap(segment)
      return [...segment.text.matchAll(FOREIGN_WORD)]
        .filter(([word]) => tokenizer.tokenize(word).length === 0)
        .map(({ index, 0: word }) => ({
          start: toSource(index),
          end: toSource(index + word.length - 1) + 1,
          message: 'This model does not read these letters and passes over them',
        }))
    }),
  )
}

function networkProblems({ parts }: Prompt, networks: ReadonlySet<string>, isNegative: boolean): PromptProblem[] {
  return leavesOf(parts).flatMap((leaf) => {
    if (leaf.type !== 'network') return []
    const { kind, name, start, end } = leaf
    if (isNegative) return [{ start, end, message: 'Networks are named in the prompt; here this adds nothing' }]
    if (isLora(leaf) && networks.has(name)) return []
    return [{ start, end, message: `There is no ${kind} "${name}" here, so it adds nothing` }]
  })
}
