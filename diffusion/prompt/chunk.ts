// Segments → chunks of at most the encoder's window, nothing dropped: a long prompt is read in several windows whose embeds stand
// one after the other. Cut as A1111 cuts: at BREAK, and otherwise back to a comma where one is near, so that phrases stay whole.
import type { Segment, TextSegment } from './read.ts'
import { unknownWordId } from './unknown-word.ts'

/** What chunking needs of a tokenizer; diffusion/model/tokenizer.ts is one. */
export interface PromptTokenizer {
  /** Ids of text one chunk holds beside the special tokens, 75 for CLIP. */
  readonly bodyLength: number
  /** Ids of a text of any length, without special tokens. */
  tokenize(text: string): number[]
}

export interface ChunkToken {
  readonly id: number
  readonly weight: number
  readonly segment: TextSegment
  /** Which token of its segment. */
  readonly index: number
}

/** At most `bodyLength` tokens; empty for an empty prompt. */
export type Chunk = readonly ChunkToken[]

/** A1111 goes back up to 20 of CLIP's 75 tokens for a comma; the same share of other windows. */
const BACKTRACK_SHARE = 20 / 75

/** 1,200 tokens of CLIP, a dense page; cross-attention over more would cost other people's turns. Encoding refuses more. */
export const CHUNKS_MAX = 16

/** @returns at least one chunk. */
export function chunkSegments(segments: readonly Segment[], tokenizer: PromptTokenizer): Chunk[] {
  const { bodyLength } = tokenizer
  if (bodyLength < 1) throw new RangeError(`A chunk holds at least 1 token, got a body of ${bodyLength}`)
  const comma = commaId(tokenizer)
  const backtrack = Math.floor(bodyLength * BACKTRACK_SHARE)
  const chunks: ChunkToken[][] = []
  let chunk: ChunkToken[] = []
  /** Tokens of the chunk up to and including its last comma; 0 without one. */
  let throughComma = 0
  const next = (carried: ChunkToken[] = []) => {
    chunks.push(chunk)
    chunk = carried
    throughComma = 0
  }
  segments.forEach((segment, position) => {
    if (segment.type === 'break') {
      next()
      return
    }
    // White space beside a BREAK is not text; a byte-level vocabulary would spend a token on it.
    const text = trimAtBreaks(segment.text, segments[position - 1], segments[position + 1])
    tokenizer.tokenize(text).forEach((id, index) => {
      if (chunk.length === bodyLength) {
        const tail = chunk.length - throughComma
        if (id !== comma && throughComma > 0 && tail < backtrack) {
          const carried = chunk.slice(throughComma)
          chunk = chunk.slice(0, throughComma)
          next(carried)
        } else {
          next()
        }
      }
      chunk.push({ id, weight: segment.weight, segment, index })
      if (id === comma) throughComma = chunk.length
    })
  })
  if (chunk.length > 0 || chunks.length === 0) next()
  return chunks
}

function trimAtBreaks(text: string, before: Segment | undefined, after: Segment | undefined): string {
  const started = before?.type === 'break' ? text.trimStart() : text
  return after?.type === 'break' ? started.trimEnd() : started
}

/** The comma's id, where the vocabulary has one of its own. */
function commaId(tokenizer: PromptTokenizer): number | undefined {
  const ids = tokenizer.tokenize(',')
  return ids.length === 1 && ids[0] !== unknownWordId(tokenizer) ? ids[0] : undefined
}
