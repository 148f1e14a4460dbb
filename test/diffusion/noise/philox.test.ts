import { describe, expect, test } from 'vitest'
import { createPhiloxNoise, philoxRandn } from '#diffusion/noise/philox.ts'

describe('Philox noise', () => {
  test('gives the values torch.randn gives on CUDA for seed 0', () => {
    // torch.manual_seed(0); torch.randn(12, device='cuda'), as printed in A1111's modules/rng_philox.py.
    const expected = [
      -0.92466259, -0.42534415, -2.6438458, 0.14518388, -0.12086647, -0.57972564, -0.62285122, -0.32838709, -1.07454231,
      -0.36314407, -1.67105067, 2.26550497,
    ]
    const values = philoxRandn(0, 0, 12)
    // Printed to eight digits, and CUDA's log and sin are float32.
    expected.forEach((value, i) => {
      expect(values[i]).toBeCloseTo(value, 6)
    })
  })

  test('goes on from a position exactly where an uninterrupted source would be', () => {
    const whole = createPhiloxNoise(42)
    whole.next(16)
    whole.next(16)
    const third = whole.next(16)
    const resumed = createPhiloxNoise(42, 2)
    expect(resumed.next(16)).toEqual(third)
    expect(resumed.position).toBe(3)
  })

  test('differs by seed beyond 32 bits and by draw', () => {
    expect(philoxRandn(1, 0, 4)).not.toEqual(philoxRandn(1 + 2 ** 32, 0, 4))
    expect(philoxRandn(1, 0, 4)).not.toEqual(philoxRandn(1, 1, 4))
  })

  test('does not depend on how many values are asked for', () => {
    expect(philoxRandn(7, 0, 1000).subarray(0, 10)).toEqual(philoxRandn(7, 0, 10))
  })

  test('is standard normal', () => {
    const values = philoxRandn(123, 0, 100_000)
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
    // Five standard errors of each at 100,000 values.
    expect(Math.abs(mean)).toBeLessThan(0.016)
    expect(Math.abs(variance - 1)).toBeLessThan(0.023)
  })

  test.each([-1, 0.5, Number.NaN, 2 ** 53])('refuses seed %s', (seed) => {
    expect(() => philoxRandn(seed, 0, 4)).toThrow(/Seed is an integer from 0/)
  })
})
