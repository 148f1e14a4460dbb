import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { resizeBilinear } from '#diffusion/images/bilinear.ts'
import { resizeLanczos } from '#diffusion/images/lanczos.ts'
import { resizeBytes } from '#diffusion/images/region.ts'

const from = { width: 12, height: 8 }
const grey = Uint8Array.from({ length: 96 }, (_, i) => (i * 37) % 251)

describe('Lanczos', () => {
  // Pillow 12: Image.fromarray((arange(96) * 37 % 251).reshape(8, 12)).resize((5, 3), LANCZOS). It rounds to bytes between its
  // two passes, so 1 of 255 apart is agreement.
  test('shrinks as Pillow does', () => {
    const expected = [123, 113, 129, 136, 90, 121, 141, 126, 110, 136, 161, 116, 122, 144, 97]
    const resized = resizeBytes(grey, 1, from, { width: 5, height: 3 })
    resized.forEach((value, i) => {
      expect(Math.abs(value - (expected[i] ?? 0))).toBeLessThanOrEqual(1)
    })
  })

  // The first row of the same picture at (19, 13).
  test('enlarges as Pillow does', () => {
    const expected = [0, 0, 21, 69, 103, 122, 141, 157, 178, 238, 204, 33, 0, 26, 76, 105, 120, 147, 163]
    const resized = resizeBytes(grey, 1, from, { width: 19, height: 13 })
    expected.forEach((value, i) => {
      expect(Math.abs(value - (resized[i] ?? 0))).toBeLessThanOrEqual(1)
    })
  })

  test('keeps a flat colour flat at any size', () => {
    const side = fc.integer({ min: 1, max: 40 })
    fc.assert(
      fc.property(side, side, side, side, fc.nat(255), (width, height, toWidth, toHeight, value) => {
        const flat = new Uint8Array(width * height * 3).fill(value)
        const resized = resizeLanczos(flat, 3, { width, height }, { width: toWidth, height: toHeight })
        expect(resized.length).toBe(toWidth * toHeight * 3)
        expect(resized.every((result) => Math.abs(result - value) < 1e-3)).toBe(true)
      }),
    )
  })
})

describe('bilinear', () => {
  // torch 2.15: interpolate(arange(6.).reshape(1, 1, 2, 3), size=(3, 5), mode='bilinear').
  test('enlarges latents as torch does', () => {
    const resized = resizeBilinear(Float32Array.of(0, 1, 2, 3, 4, 5), { width: 3, height: 2 }, { width: 5, height: 3 })
    const expected = [0, 0.4, 1, 1.6, 2, 1.5, 1.9, 2.5, 3.1, 3.5, 3, 3.4, 4, 4.6, 5]
    resized.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i] ?? 0, 5)
    })
  })
})
