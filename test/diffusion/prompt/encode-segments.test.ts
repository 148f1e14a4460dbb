// Chunks through an encoder: plain prompts byte for byte, weights on the right rows, chunks joined and filled up.
import { describe, expect, test } from 'vitest'
import { chunkSegments } from '#diffusion/prompt/chunk.ts'
import { type ChunkEncoder, encodeChunks } from '#diffusion/prompt/encode-segments.ts'
import { readPrompt } from '#diffusion/prompt/read.ts'
import { parsePrompt } from '#recipes/prompt/parse.ts'
import { wordTokenizer } from './word-tokenizer.ts'

const tokenizer = wordTokenizer(4)

/** An encoder one can see through: each row is the token's id and 100 plus it; pooled is the sum of ids. */
function encoder(): ChunkEncoder & { calls: number } {
  return {
    calls: 0,
    tokenizer,
    async encode(ids) {
      this.calls++
      const hidden = Float32Array.from([...ids].flatMap((id) => [id, 100 + id]))
      return { hidden, width: 2, pooled: Float32Array.of(ids.reduce((sum, id) => sum + id, 0)) }
    },
  }
}

function chunksOf(text: string) {
  const { parts } = readPrompt(parsePrompt(text), { step: 1, steps: 1, seed: 0 })
  return chunkSegments(parts[0]?.segments ?? [], tokenizer)
}

describe('encodeChunks', () => {
  test('a plain prompt is exactly what the encoder returned for its ids', async () => {
    const it = encoder()
    const direct = await it.encode(tokenizer.frame(tokenizer.tokenize('a cat')))
    for (const weighting of ['a1111', 'compel', 'none'] as const) {
      expect(await encodeChunks(it, chunksOf('a cat'), 1, weighting)).toEqual(direct)
    }
  })

  test('chunks stand one after the other, filled up to the count asked for, encoding the empty one once', async () => {
    const it = encoder()
    const { hidden, pooled } = await encodeChunks(it, chunksOf('a b c d e'), 4, 'a1111')
    expect(hidden).toHaveLength(4 * 6 * 2)
    const rows = (from: number) => [...hidden.filter((_, at) => at % 2 === 0).subarray(from, from + 6)]
    const ids = (text: string) => [...tokenizer.frame(tokenizer.tokenize(text))]
    expect(rows(0)).toEqual(ids('a b c d'))
    expect(rows(6)).toEqual(ids('e'))
    expect(rows(12)).toEqual(ids(''))
    expect(rows(18)).toEqual(ids(''))
    expect([...(pooled ?? [])]).toEqual([ids('a b c d').reduce((sum, id) => sum + id)])
    expect(it.calls).toBe(3)
  })

  test('weights fall on their own rows, special tokens and padding keep theirs', async () => {
    const chunks = chunksOf('a (cat:2) b')
    const { hidden } = await encodeChunks(encoder(), chunks, 1, 'compel')
    const empty = tokenizer.frame([])
    const plain = tokenizer.frame(tokenizer.tokenize('a cat b'))
    const expected = [...plain].map((id, row) => (row === 2 ? (empty[row] ?? 0) + 2 * (id - (empty[row] ?? 0)) : id))
    expect([...hidden.filter((_, at) => at % 2 === 0)]).toEqual(expected)
  })

  test('weighting none leaves weights out, too many chunks are refused', async () => {
    const weighted = await encodeChunks(encoder(), chunksOf('a (cat:2)'), 1, 'none')
    expect(weighted).toEqual(await encodeChunks(encoder(), chunksOf('a cat'), 1, 'none'))
    await expect(encodeChunks(encoder(), chunksOf('a BREAK b'), 1, 'a1111')).rejects.toThrow('do not fit')
    await expect(encodeChunks(encoder(), [], 17, 'a1111')).rejects.toThrow('at most 16 chunks of 4 tokens, got 17')
  })
})
