// What the Studio is told about a prompt while it is typed.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { analyzePrompt } from '#diffusion/prompt/analyze-prompt.ts'
import { wordTokenizer } from './word-tokenizer.ts'

const analyze = (text: string, options = {}) => analyzePrompt(text, wordTokenizer(4), options)
const places = (text: string) => analyze(text).tokens.map(({ start, end }) => text.slice(start, end))

describe('analyzePrompt', () => {
  test('says where every token stands, through brackets, escapes and AND', () => {
    expect(places('A (red:1.2) CAT, \\(dog\\)')).toEqual(['A', 'red', 'CAT', ',', 'dog'])
    expect(places('a cat AND  the dog :2 AND on')).toEqual(['a', 'cat', 'the', 'dog', 'on'])
    expect(places('[cat:dog:5] {red|red}')).toEqual(['cat', 'red'])
    expect(analyze('a AND b').tokens.map(({ part, chunk }) => [part, chunk])).toEqual([
      [0, 0],
      [1, 1],
    ])
  })

  test('gives effective weights as stretches', () => {
    const text = 'a (red (cat:1.5):1.2), [dog]'
    const { weights } = analyze(text)
    expect(weights.map(({ start, end, weight }) => [text.slice(start, end), Math.round(weight * 1000) / 1000])).toEqual(
      [
        ['red', 1.2],
        ['cat', 1.8],
        ['dog', 0.909],
      ],
    )
    // One bracket is one stretch, two brackets are two.
    const listed = '(a, b:1.2), (c:1.2) (d:1.2)'
    expect(analyze(listed).weights.map(({ start, end }) => listed.slice(start, end))).toEqual(['a, b', 'c', 'd'])
  })

  test('says where chunks begin', () => {
    const text = 'a b c d e f BREAK g'
    const { borders, chunkCount, bodyLength } = analyze(text)
    expect(borders.map((at) => text[at])).toEqual(['e', 'g'])
    expect([chunkCount, bodyLength]).toEqual([3, 4])
  })

  test('underlines what the model leaves out, does not know, or cannot load', () => {
    const found = (text: string, options = {}) =>
      analyze(text, options).problems.map(({ start, end, message }) => [text.slice(start, end), message])
    expect(found('a b c d e f', { chunksMax: 1 })).toEqual([['e f', expect.stringContaining('reads 4 tokens')]])
    expect(found('a unicorn')).toEqual([['unicorn', expect.stringContaining('does not know')]])
    expect(found('a (<lora:ink:1>)')).toEqual([['<lora:ink:1>', expect.stringContaining('no lora "ink"')]])
    const networks = new Set(['ink'])
    expect(found('<lora:ink:1>', { networks })).toEqual([])
    expect(found('<lora: ink :1>', { networks })).toEqual([
      ['<lora: ink :1>', expect.stringContaining('no lora " ink "')],
    ])
    expect(found('<hypernet:ink:1>', { networks })).toEqual([['<hypernet:ink:1>', expect.stringContaining('hypernet')]])
    expect(found('<lora:ink:1>', { networks, isNegative: true })).toEqual([
      ['<lora:ink:1>', expect.stringContaining('adds nothing')],
    ])
    expect(found('a (b')).toEqual([['(', expect.stringContaining('never closed')]])
    expect(found('a (b', { weighting: 'none' })).toEqual([])
  })

  test('underlines words whose letters the tokenizer drops', () => {
    const words = wordTokenizer(4)
    const latin = { ...words, tokenize: (text: string) => words.tokenize(text.replace(/[^a-z]+/g, ' ')) }
    const text = 'a (панда:1.2) at 海辺, cat'
    expect(
      analyzePrompt(text, latin).problems.map(({ start, end, message }) => [text.slice(start, end), message]),
    ).toEqual([
      ['панда', expect.stringContaining('does not read these letters')],
      ['海辺', expect.stringContaining('does not read these letters')],
    ])
  })

  test('for every text: places in order and inside, nothing thrown', () => {
    const text = fc.array(
      fc.constantFrom('a', 'CAT', ',', '(', ')', '[', ']', ':', '2', '|', '\\', ' ', '{', '}', 'é', 'İ', '🐼', ' AND '),
    )
    fc.assert(
      fc.property(text, (pieces) => {
        const prompt = pieces.join('')
        for (const { start, end } of analyze(prompt).tokens) {
          expect(start).toBeGreaterThanOrEqual(0)
          expect(end).toBeGreaterThanOrEqual(start)
          expect(end).toBeLessThanOrEqual(prompt.length)
        }
      }),
      { numRuns: 500 },
    )
  })
})
