// Long prompts in chunks: nothing lost, cut at commas and BREAK as A1111 cuts.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chunkSegments } from '#diffusion/prompt/chunk.ts'
import { readPrompt } from '#diffusion/prompt/read.ts'
import { parsePrompt } from '#recipes/prompt/parse.ts'
import { wordTokenizer } from './word-tokenizer.ts'

function chunks(text: string, bodyLength = 9) {
  const tokenizer = wordTokenizer(bodyLength)
  const { parts } = readPrompt(parsePrompt(text), { step: 1, steps: 10, seed: 0 })
  return parts.flatMap((part) =>
    chunkSegments(part.segments, tokenizer).map((chunk) => chunk.map(({ id }) => tokenizer.tokenText(id)).join(' ')),
  )
}

describe('chunks', () => {
  test('a short prompt is one chunk, an empty one an empty chunk', () => {
    expect(chunks('a cat, a dog')).toEqual(['a cat , a dog'])
    expect(chunks('')).toEqual([''])
    expect(chunks('()')).toEqual([''])
  })

  test('a full chunk goes on in the next', () => {
    expect(chunks('a b c d e f g h i')).toEqual(['a b c d e f g h i'])
    expect(chunks('a b c d e f g h i j k')).toEqual(['a b c d e f g h i', 'j k'])
  })

  test('a phrase cut in two moves whole behind the last comma, when that is near', () => {
    // Window 9: A1111 looks back over its last 2 tokens, as over 20 of 75, the comma itself counted.
    expect(chunks('a b c d e f g, h i j')).toEqual(['a b c d e f g ,', 'h i j'])
    expect(chunks('a b c d e f, g h i j')).toEqual(['a b c d e f , g h', 'i j'])
    expect(chunks('a b c d e f g h, i j')).toEqual(['a b c d e f g h ,', 'i j'])
    expect(chunks('a b c d e f g h i, j')).toEqual(['a b c d e f g h i', ', j'])
  })

  test("A1111's twenty tokens of CLIP's window: 19 after the comma move, 20 stay", () => {
    const prompt = (after: number) => `${'a '.repeat(74 - after)}, ${'b '.repeat(after)}c`
    expect(chunks(prompt(19), 75)).toEqual([`${'a '.repeat(55)},`, `${'b '.repeat(19)}c`])
    expect(chunks(prompt(20), 75)).toEqual([`${'a '.repeat(54)}, ${'b '.repeat(20).trim()}`, 'c'])
  })

  test('BREAK starts a chunk, twice an empty one; at the end it adds none', () => {
    expect(chunks('a BREAK b c')).toEqual(['a', 'b c'])
    expect(chunks('a BREAK BREAK b')).toEqual(['a', '', 'b'])
    expect(chunks('a BREAK')).toEqual(['a'])
  })

  test('for every prompt: all tokens, in order, none twice, never more than a window', () => {
    const words = fc.array(fc.constantFrom('a', 'cat', ',', '(dog:1.3)', 'red', ', ', '[x]'), { maxLength: 80 })
    fc.assert(
      fc.property(words, fc.integer({ min: 1, max: 24 }), (pieces, bodyLength) => {
        const text = pieces.join(' ')
        const tokenizer = wordTokenizer(bodyLength)
        const { parts } = readPrompt(parsePrompt(text), { step: 1, steps: 1, seed: 0 })
        const segments = parts[0]?.segments ?? []
        const made = chunkSegments(segments, tokenizer)
        const whole = segments.flatMap((segment) => (segment.type === 'text' ? tokenizer.tokenize(segment.text) : []))
        expect(made.flat().map(({ id }) => id)).toEqual(whole)
        for (const chunk of made) expect(chunk.length).toBeLessThanOrEqual(bodyLength)
      }),
    )
  })
})
