// The prompt language with CLIP's real tokenizer: places of word pieces, windows of 75, and commas as A1111 knows them.
import { expect, test } from 'vitest'
import { loadTokenizer } from '#diffusion/model/tokenizer.ts'
import { analyzePrompt } from '#diffusion/prompt/analyze-prompt.ts'
import { chunkSegments } from '#diffusion/prompt/chunk.ts'
import { readPrompt } from '#diffusion/prompt/read.ts'
import { parsePrompt } from '#recipes/prompt/parse.ts'
import { clipFiles } from '#test/golden/tokenizers/clip-files.ts'

const tokenizer = await loadTokenizer(clipFiles(), 'tokenizer', 77)

test('every piece of a word is found where it stands', () => {
  const text = 'A (Panda:1.3) eating tacos, photorealistically rendered at \\(dawn\\)'
  const { tokens, problems, weights } = analyzePrompt(text, tokenizer)
  const places = tokens.map(({ start, end }) => text.slice(start, end))
  expect(places.join('')).toBe('APandaeatingtacos,photorealisticallyrenderedat(dawn)')
  expect(tokens.length).toBeGreaterThan(9)
  expect(weights.map(({ start, end }) => text.slice(start, end))).toEqual(['Panda'])
  expect(problems).toEqual([])
})

test('letters CLIP spells in bytes keep the words after them in place', () => {
  const text = '漢字 🐼 naïve panda'
  const { tokens } = analyzePrompt(text, tokenizer)
  const last = tokens.at(-1)
  expect(text.slice(last?.start, last?.end)).toBe('panda')
})

test('windows hold 75 tokens and are cut at the comma, id 267', () => {
  const { parts } = readPrompt(parsePrompt(`${'panda '.repeat(60)}, ${'tacos '.repeat(18)}`), {
    step: 1,
    steps: 1,
    seed: 0,
  })
  const chunks = chunkSegments(parts[0]?.segments ?? [], tokenizer)
  expect(chunks.map((chunk) => chunk.length)).toEqual([61, chunks[1]?.length])
  expect(chunks[0]?.at(-1)?.id).toBe(267)
})
