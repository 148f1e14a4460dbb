import fc from 'fast-check'
import { expect, test } from 'vitest'
import { betaCdf, betaQuantile } from '#diffusion/schedulers/beta-distribution.ts'

// scipy.stats.beta.ppf(p, a, b), scipy 1.17.1.
test.each([
  [0.1, 0.6, 0.6, 0.03958440558878085],
  [0.001, 0.6, 0.6, 1.855873851745199e-5],
  [0.5, 0.6, 0.6, 0.5000000000000001],
  [0.9473684210526316, 0.6, 0.6, 0.9863289184355307],
  [0.3, 2, 5, 0.18180347131894917],
  [0.8, 0.5, 3, 0.2567723472089895],
])('gives scipy’s quantile of %s for Beta(%s, %s)', (p, a, b, expected) => {
  expect(Math.abs(betaQuantile(p, a, b) / expected - 1)).toBeLessThan(1e-12)
})

test('is the inverse of the distribution function', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-6, max: 1 - 1e-6, noNaN: true }), (p) => {
      return Math.abs(betaCdf(betaQuantile(p, 0.6, 0.6), 0.6, 0.6) - p) < 1e-12
    }),
  )
})

test('refuses what is no probability', () => {
  expect(() => betaQuantile(1.1, 0.6, 0.6)).toThrow(/A probability is 0 to 1, got 1.1/)
})
