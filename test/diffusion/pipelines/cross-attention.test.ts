import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AttentionLayer, splitAttention } from '#diffusion/model/attention-outputs.ts'
import { averageAttention } from '#diffusion/pipelines/cross-attention.ts'

const square = { channels: 4, height: 2, width: 2 }

function layer(heads: number, queries: number, tokens: number, data: Float32Array): AttentionLayer {
  return { name: 'cross_attention.mid', heads, queries, tokens, data }
}

/** Probabilities over tokens, no two queries alike. */
function probabilities(heads: number, queries: number, tokens: number): Float32Array {
  const data = Float32Array.from({ length: heads * queries * tokens }, (_, i) => 1 + ((i * 7) % 13))
  for (let start = 0; start < data.length; start += tokens) {
    const row = data.subarray(start, start + tokens)
    const sum = row.reduce((total, value) => total + value, 0)
    row.forEach((value, token) => {
      row[token] = value / sum
    })
  }
  return data
}

describe('cross-attention maps', () => {
  test('are the mean over heads, a plane per token', () => {
    const heads = [0.5, 0.5, 1, 0, 0, 1, 0.25, 0.75, 0.5, 0.5, 0, 1, 1, 0, 0.75, 0.25]
    const maps = averageAttention([layer(2, 4, 2, Float32Array.from(heads))], square)
    expect(maps).toMatchObject({ tokens: 2, height: 2, width: 2 })
    expect([...maps.data]).toEqual([0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5])
    const one = averageAttention([layer(1, 4, 2, Float32Array.from(heads.slice(0, 8)))], square)
    expect([...one.data]).toEqual([0.5, 1, 0, 0.25, 0.5, 0, 1, 0.75])
  })

  test('are the mean over layers, each spread from its own resolution', () => {
    const fine = layer(1, 4, 1, Float32Array.of(0, 0.2, 0.4, 0.6))
    const coarse = layer(1, 1, 1, Float32Array.of(0.8))
    const { data } = averageAttention([fine, coarse], square)
    expect(Array.from(data, (value) => Math.round(value * 1000) / 1000)).toEqual([0.4, 0.5, 0.6, 0.7])
  })

  test('know a layer’s height from its width on any sides, and sum to 1 over tokens everywhere', () => {
    const side = fc.integer({ min: 1, max: 6 })
    fc.assert(
      fc.property(side, side, fc.constantFrom(1, 2, 4), fc.integer({ min: 1, max: 3 }), (h, w, halvings, heads) => {
        const size = { channels: 4, height: h * halvings, width: w * halvings }
        const layers = [layer(heads, h * w, 5, probabilities(heads, h * w, 5))] as const
        const { data, height, width } = averageAttention(layers, size)
        const plane = height * width
        for (let place = 0; place < plane; place++) {
          let sum = 0
          for (let token = 0; token < 5; token++) sum += data[token * plane + place] ?? 0
          expect(sum).toBeCloseTo(1, 5)
        }
      }),
    )
  })

  test.each([5, 6, 16])('of %i queries on 2x2 latents are refused by the layer’s name', (queries) => {
    const given = layer(1, queries, 1, new Float32Array(queries))
    expect(() => averageAttention([given], square)).toThrow(`cross_attention.mid has ${queries} queries`)
  })

  test('over different tokens are refused', () => {
    const layers = [layer(1, 4, 2, new Float32Array(8)), layer(1, 4, 3, new Float32Array(12))] as const
    expect(() => averageAttention(layers, square)).toThrow(RangeError)
  })
})

describe('attention outputs of a graph', () => {
  test('are split by row, with a head dimension or without', () => {
    const data = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8)
    const outputs = {
      out_sample: { dims: [2, 4, 1, 1], data },
      'cross_attention.a': { dims: [2, 2, 1, 2], data },
      'cross_attention.b': { dims: [2, 2, 2], data },
    }
    const [, second] = splitAttention(outputs, 2)
    expect(second).toEqual([
      { name: 'cross_attention.a', heads: 2, queries: 1, tokens: 2, data: Float32Array.of(5, 6, 7, 8) },
      { name: 'cross_attention.b', heads: 1, queries: 2, tokens: 2, data: Float32Array.of(5, 6, 7, 8) },
    ])
  })

  test.each([
    ['heads folded into the batch', [4, 1, 2]],
    ['no batch', [4, 2]],
    ['five dimensions', [2, 1, 1, 2, 2]],
  ])('with %s are refused with the shape', (_, dims) => {
    const outputs = { 'cross_attention.a': { dims, data: new Float32Array(8) } }
    expect(() => splitAttention(outputs, 2)).toThrow(`cross_attention.a must be [batch, heads, queries, tokens]`)
  })
})
