import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createPhiloxNoise } from '#diffusion/noise/philox.ts'
import { statistics } from '#diffusion/pipelines/trace.ts'
import { slerpNoise } from '#diffusion/pipelines/variation.ts'

const size = { height: 16, width: 16 }
const draw = (seed: number) => createPhiloxNoise(seed).next(4 * 16 * 16)

describe('noise of a variation', () => {
  test('is the first seed’s at 0 and the second’s at 1', () => {
    const mixed = [slerpNoise(0, draw(1), draw(2), size), slerpNoise(1, draw(1), draw(2), size)]
    mixed.forEach((values, at) => {
      const expected = draw(at + 1)
      values.forEach((value, i) => {
        expect(value).toBeCloseTo(expected[i] ?? 0, 6)
      })
    })
  })

  test('stays as strong as noise all the way, where a straight line would fade to 0.71', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.double({ min: 0, max: 1, noNaN: true }), (seed, share) => {
        const { standardDeviation } = statistics(slerpNoise(share, draw(seed), draw(seed + 1), size))
        expect(standardDeviation).toBeGreaterThan(0.9)
        expect(standardDeviation).toBeLessThan(1.1)
      }),
      { numRuns: 30 },
    )
  })

  test('of a seed with itself is its own', () => {
    const mixed = slerpNoise(0.5, draw(3), draw(3), size)
    mixed.forEach((value, i) => {
      expect(value).toBeCloseTo(draw(3)[i] ?? 0, 6)
    })
  })

  // torch 2.15: slerp(0.3, tensor([[[1., 2.], [3., 4.]]]), tensor([[[-4., 3.], [2., -1.]]])) of A1111's modules/rng.py.
  test('takes its angle along the height, as A1111 does', () => {
    const low = Float32Array.of(1, 2, 3, 4)
    const high = Float32Array.of(-4, 3, 2, -1)
    const mixed = slerpNoise(0.3, low, high, { height: 2, width: 2 })
    const expected = [-0.829_386, 2.959_923, 3.390_181, 2.980_676]
    mixed.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i] ?? 0, 4)
    })
  })
})
