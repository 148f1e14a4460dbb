import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cubicKernel, previewBytes, upscalePreview } from '#app/pictures/image/upscale-preview.ts'

describe('upscalePreview', () => {
  it('keeps a flat picture flat at every sharpness', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 255 }), fc.double({ min: 0, max: 1, noNaN: true }), (level, sharpness) => {
        const source = { width: 3, height: 5, rgb: new Uint8Array(45).fill(level) }
        const out = upscalePreview(source, { width: 17, height: 29 }, sharpness)
        expect(out.every((byte, at) => byte === (at % 4 === 3 ? 255 : level))).toBe(true)
      }),
    )
  })

  it('passes through the source pixels at full sharpness and equal size, and softens them at none', () => {
    const rgb = new Uint8Array([0, 0, 0, 255, 255, 255, 0, 0, 0])
    const source = { width: 3, height: 1, rgb }
    const sharp = upscalePreview(source, { width: 3, height: 1 }, 1)
    const soft = upscalePreview(source, { width: 3, height: 1 }, 0)
    expect([sharp[0], sharp[4], sharp[8]]).toEqual([0, 255, 0])
    // B-spline weights 1/6, 4/6, 1/6.
    expect([soft[0], soft[4], soft[8]]).toEqual([43, 170, 43])
  })

  it('never turns the picture around: a bright left half stays left', () => {
    const rgb = new Uint8Array([250, 0, 0, 250, 0, 0, 0, 0, 250, 0, 0, 250])
    const out = upscalePreview({ width: 4, height: 1, rgb }, { width: 40, height: 10 }, 0.5)
    expect(out[0]).toBeGreaterThan(200)
    expect(out[39 * 4 + 2]).toBeGreaterThan(200)
  })

  it('refuses bytes that do not fit the size', () => {
    const source = { width: 2, height: 2, rgb: new Uint8Array(11) }
    expect(() => upscalePreview(source, { width: 4, height: 4 }, 1)).toThrow(/2x2 preview has 12 bytes, got 11/)
  })
})

describe('cubicKernel', () => {
  it('weighs neighbours so that they sum to 1 wherever the sample falls', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (offset, sharpness) => {
          const sum = [-1, 0, 1, 2].reduce((total, k) => total + cubicKernel(offset - k, sharpness), 0)
          expect(sum).toBeCloseTo(1, 10)
        },
      ),
    )
  })
})

describe('previewBytes', () => {
  it('reads base64 as bytes', () => {
    expect([...previewBytes('AAH/gA==')]).toEqual([0, 1, 255, 128])
  })
})
