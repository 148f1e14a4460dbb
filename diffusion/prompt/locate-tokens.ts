// Where each token of a segment stands in the prompt as typed. Tokenizers give ids, not places, so their texts are looked for one
// after the other; a token that cannot be found (it spells a normalised character) gets the empty place where it would stand.
import type { Span } from '#recipes/prompt/ast.ts'
import type { TextSegment } from './read.ts'

/** How far ahead a token is looked for: past punctuation a tokenizer drops, not into the next sentence. */
const LOOK_AHEAD = 32
/** Longest unknown word underlined whole. */
const WORD_LENGTH_MAX = 100
/** Marks of the word piece families: CLIP's end of word, GPT-2's and SentencePiece's spaces, WordPiece's continuation. */
const PIECE_MARKS = /^(?:##|\u0120|\u2581)+|<\/w>$/g

const WORD = /[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/u

/** @param pieces the tokens' texts as the vocabulary spells them, in order; undefined for a word it does not hold. */
export function locateTokens(segment: TextSegment, pieces: readonly (string | undefined)[]): Span[] {
  const lower = segment.text.toLowerCase()
  // A few characters change length with case; then only exact spelling is found.
  const text = lower.length === segment.text.length ? lower : segment.text
  const toSource = sourceMap(segment)
  let cursor = 0
  return pieces.map((piece) => {
    const word = piece === undefined ? WORD.exec(text.slice(cursor, cursor + WORD_LENGTH_MAX))?.[0] : undefined
    const plain = word ?? piece?.replace(PIECE_MARKS, '').toLowerCase() ?? ''
    const ahead = text.slice(cursor, cursor + LOOK_AHEAD + plain.length)
    const found = plain === '' ? -1 : ahead.indexOf(plain)
    if (found === -1) {
      const at = toSource(cursor)
      return { start: at, end: at }
    }
    const start = cursor + found
    cursor = start + plain.length
    // One before the end, mapped, plus one: the end itself may already be in the next piece.
    return { start: toSource(start), end: toSource(cursor - 1) + 1 }
  })
}

/** Offsets in the segment's text → offsets in the prompt; asked in rising order. */
export function sourceMap({ pieces }: TextSegment): (offset: number) => number {
  let at = 0
  return (offset) => {
    while (at > 0 && (pieces[at]?.offset ?? 0) > offset) at--
    while (at + 1 < pieces.length && (pieces[at + 1]?.offset ?? 0) <= offset) at++
    const piece = pieces[at]
    return piece === undefined ? offset : piece.source + offset - piece.offset
  }
}
