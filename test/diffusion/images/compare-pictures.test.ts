import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { comparePictures, differenceImage } from '#diffusion/images/compare-pictures.ts'
import { decodePicture } from '#worker/cli/decode-picture.ts'

const decode = async (values: readonly number[], channels: 3 | 4, width = 2) =>
  decodePicture(
    await sharp(Uint8Array.from(values), { raw: { width, height: values.length / channels / width, channels } })
      .png()
      .toBuffer(),
  )

describe('two pictures', () => {
  it('are the same when every value is', async () => {
    const a = await decode([1, 2, 3, 4, 5, 6], 3)
    expect(comparePictures(a, await decode([1, 2, 3, 4, 5, 6], 3))).toEqual({
      pixelsMatch: true,
      valueCount: 6,
      differingCount: 0,
      largestDifference: 0,
      psnrDb: null,
    })
  })

  it('differ by their largest difference and their PSNR', async () => {
    const a = await decode([10, 20, 30, 40, 50, 60], 3)
    const comparison = comparePictures(a, await decode([10, 20, 33, 40, 46, 60], 3))
    expect(comparison).toMatchObject({ pixelsMatch: false, valueCount: 6, differingCount: 2, largestDifference: 4 })
    // Mean squared difference (9 + 16) / 6.
    expect(comparison.psnrDb).toBeCloseTo(10 * Math.log10(65_025 / (25 / 6)), 10)
  })

  it('differ where only transparency does', async () => {
    const a = await decode([1, 2, 3, 4, 5, 6], 3)
    const comparison = comparePictures(a, await decode([1, 2, 3, 255, 4, 5, 6, 250], 4))
    expect(comparison).toMatchObject({ pixelsMatch: false, valueCount: 8, differingCount: 1, largestDifference: 5 })
  })

  it('of other sizes differ without numbers', async () => {
    const a = await decode([1, 2, 3, 4, 5, 6], 3)
    const b = await decode([1, 2, 3, 4, 5, 6], 3, 1)
    expect(comparePictures(a, b)).toMatchObject({ pixelsMatch: false, largestDifference: null, psnrDb: null })
  })

  it('of one size have a difference image that shows the largest difference as bright as it goes', async () => {
    const a = await decode([10, 20, 30, 40, 50, 60], 3)
    const { rgba, gain } = differenceImage(a, await decode([10, 20, 33, 40, 46, 60], 3))
    expect(gain).toBe(63)
    expect([...rgba]).toEqual([0, 0, 189, 255, 0, 252, 0, 255])
    expect(differenceImage(a, a)).toMatchObject({ gain: 1, rgba: new Uint8ClampedArray([0, 0, 0, 255, 0, 0, 0, 255]) })
    const black = await decode([0, 0, 0, 0, 0, 0], 3)
    expect(differenceImage(black, await decode([255, 0, 0, 0, 0, 0], 3)).gain).toBe(1)
  })

  it('of other sizes have none, and the error names both', async () => {
    const wide = await decode([1, 2, 3, 4, 5, 6], 3)
    const high = await decode([1, 2, 3, 4, 5, 6], 3, 1)
    expect(() => differenceImage(wide, high)).toThrow('2x1 and 1x2')
  })
})
