import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { fitImage, sanitizeImage } from '#server/images/sanitize-image.ts'
import { prepareInput } from '#worker/picture/prepare-input.ts'

/** A picture with detail in every direction, so that another way of shrinking shows. */
const pattern = (width: number, height: number) => {
  const rgb = new Uint8Array(width * height * 3)
  for (let i = 0; i < rgb.length; i++) rgb[i] = (i * 2_654_435_761) >>> (24 - (i % 5))
  return sharp(rgb, { raw: { width, height, channels: 3 } })
}

describe('the same picture file', () => {
  test.each([
    ['a JPEG many times the size', () => pattern(1600, 1200).jpeg({ quality: 80 })],
    ['a picture past the largest side', () => pattern(3000, 2200).webp({ quality: 60 })],
    ['a picture smaller than asked for', () => pattern(90, 60).png()],
  ])('becomes the same bytes on the website and on the command line: %s', async (_what, make) => {
    const file = new Uint8Array(await make().toBuffer())
    const size = { width: 256, height: 256 }
    const kept = await sanitizeImage(file)
    const fitted = await fitImage(kept.png, size)
    expect(Buffer.compare((await prepareInput(file, size)).png, fitted)).toBe(0)
  })
})
