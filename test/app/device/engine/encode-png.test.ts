// Node has the platform's CompressionStream and Blob, so the very code of the browser runs here.
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { encodePng } from '#app/device/engine/encode-png.ts'
import { createPhiloxNoise } from '#diffusion/noise/philox.ts'
import { readPngText } from '#recipes/metadata/png.ts'
import { tinyRecipe } from '#test/integration/diffusion/golden-run.ts'
import { encodePicture } from '#worker/picture/encode-picture.ts'

const recipe = tinyRecipe('sd1')
/** Smooth areas and noise, so that every filter is the best of some row. */
function picture(width: number, height: number) {
  const noise = createPhiloxNoise(3).next(width * height * 3)
  const rgb = Uint8Array.from(noise, (value, i) => {
    const y = Math.floor(i / (width * 3))
    if (y % 5 === 0) return 128 + value * 40
    if (y % 5 === 1) return (i % (width * 3)) / 3
    if (y % 5 === 2) return y * 3 + (i % 3)
    return ((i % (width * 3)) + y * 7) % 256
  })
  return { width, height, rgb }
}

describe('a PNG made in the browser', () => {
  it.each([
    [64, 64],
    [1, 1],
    [7, 3],
    [1, 40],
  ])('decodes to the same pixels, %i x %i', async (width, height) => {
    const image = picture(width, height)
    const { data, info } = await sharp(await encodePng(image, recipe, 'Tiny'))
      .raw()
      .toBuffer({ resolveWithObject: true })
    expect([info.width, info.height, info.channels]).toEqual([width, height, 3])
    expect(new Uint8Array(data)).toEqual(image.rgb)
  })

  it('carries the same metadata as the worker’s, and is not much larger', async () => {
    const image = picture(128, 128)
    const ours = await encodePng(image, recipe, 'Tiny')
    const { png } = await encodePicture(image, recipe, 'Tiny')
    expect(await readPngText(ours)).toEqual(await readPngText(png))
    expect(ours.length).toBeLessThan(png.length * 1.1)
  })

  it('refuses pixels that do not fill the picture', async () => {
    await expect(encodePng({ width: 2, height: 2, rgb: new Uint8Array(11) }, recipe, 'Tiny')).rejects.toThrow(
      '2x2 RGB has 12 bytes, got 11',
    )
  })
})
