// Weighting as numbers: against values worked out by hand from the formulas the functions name.
import { describe, expect, test } from 'vitest'
import { weighAsA1111, weighAsCompel } from '#diffusion/prompt/weigh-embeds.ts'

const hidden = Float32Array.of(1, 2, 3, 4, 5, 9)
const width = 2

describe('weights on embeds', () => {
  test('A1111 scales rows and restores the mean', () => {
    // Rows (1,2) (3,4)*2 (5,9): mean 24/6 before, 31/6 after, so everything times 24/31.
    const weighed = weighAsA1111({ hidden, width, weights: Float32Array.of(1, 2, 1) })
    const expected = [1, 2, 6, 8, 5, 9].map((value) => (value * 24) / 31)
    weighed.forEach((value, at) => {
      // float32 rounding of values below ten.
      expect(value).toBeCloseTo(expected[at] ?? Number.NaN, 5)
    })
    expect(weighed.reduce((a, b) => a + b)).toBeCloseTo(24, 4)
  })

  test('compel moves along the line from the empty prompt', () => {
    const empty = Float32Array.of(0, 0, 1, 1, 1, 1)
    const weighed = weighAsCompel({ hidden, width, weights: Float32Array.of(1, 2, 0.5) }, empty)
    expect([...weighed]).toEqual([1, 2, 5, 7, 3, 5])
  })

  test('all weights 1 give back the very same array', () => {
    const weights = Float32Array.of(1, 1, 1)
    expect(weighAsA1111({ hidden, width, weights })).toBe(hidden)
    expect(weighAsCompel({ hidden, width, weights }, new Float32Array(6))).toBe(hidden)
  })

  test('embeds whose weighted mean is zero stay finite', () => {
    const weighed = weighAsA1111({ hidden: Float32Array.of(1, 1), width: 1, weights: Float32Array.of(1, -1) })
    expect([...weighed]).toEqual([1, -1])
  })

  test('an empty prompt of another shape is refused', () => {
    expect(() => weighAsCompel({ hidden, width, weights: Float32Array.of(1, 2, 1) }, new Float32Array(4))).toThrow('4')
  })
})
