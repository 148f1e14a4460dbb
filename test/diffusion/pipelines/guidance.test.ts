import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { guide, rescaleGuidance } from '#diffusion/pipelines/guidance.ts'
import { statistics } from '#diffusion/pipelines/trace.ts'

const outputs = (size: number) =>
  fc.float32Array({ minLength: size, maxLength: size, min: -8, max: 8, noNaN: true, noDefaultInfinity: true })
const scales = fc.double({ min: -20, max: 30, noNaN: true })

describe('classifier-free guidance', () => {
  test('is unconditional + scale * (conditional - unconditional), for negative scales too', () => {
    fc.assert(
      fc.property(outputs(9), outputs(9), scales, (conditional, unconditional, scale) => {
        const guided = guide([{ output: conditional, weight: 1 }], unconditional, scale)
        guided.forEach((value, i) => {
          const base = unconditional[i] ?? 0
          expect(value).toBeCloseTo(base + scale * ((conditional[i] ?? 0) - base), 3)
        })
      }),
    )
  })

  test('scale 0 is the unconditional output exactly', () => {
    fc.assert(
      fc.property(outputs(9), outputs(9), (conditional, unconditional) => {
        expect(
          guide([{ output: conditional, weight: 1 }], unconditional, 0).every((v, i) => v === unconditional[i]),
        ).toBe(true)
      }),
    )
  })

  test('two prompts of half the weight that agree are one prompt', () => {
    fc.assert(
      fc.property(outputs(5), outputs(5), scales, (conditional, unconditional, scale) => {
        const half = { output: conditional, weight: 0.5 }
        const whole = guide([{ output: conditional, weight: 1 }], unconditional, scale)
        guide([half, half], unconditional, scale).forEach((value, i) => {
          expect(value).toBeCloseTo(whole[i] ?? 0, 3)
        })
      }),
    )
  })

  test('a full rescale gives the guided output the conditional one’s deviation, none leaves it alone', () => {
    fc.assert(
      fc.property(outputs(32), outputs(32), (guided, conditional) => {
        fc.pre(statistics(guided).standardDeviation > 0.01)
        const wanted = statistics(conditional).standardDeviation
        expect(statistics(rescaleGuidance(guided, conditional, 1)).standardDeviation).toBeCloseTo(wanted, 3)
        expect(rescaleGuidance(guided, conditional, 0)).toEqual(guided)
      }),
    )
  })
})
