// A picture file → the RGB pixels an image-to-image run starts from. For files we prepared ourselves or the person at this
// machine names; strangers' uploads are made harmless by the server first.
import sharp from 'sharp'
import { UPLOAD_PIXELS_MAX } from '#contracts/limits.ts'
import type { RgbImage } from '#diffusion/images/rgb-image.ts'

/** Decodes a file that already has the right size. @throws RangeError when it has another. */
export async function decodeInput(file: Uint8Array, size: { width: number; height: number }): Promise<RgbImage> {
  const { data, info } = await open(file).raw().toBuffer({ resolveWithObject: true })
  if (info.width !== size.width || info.height !== size.height) {
    throw new RangeError(
      `The input image is ${size.width}x${size.height} as the recipe says, got ${info.width}x${info.height}`,
    )
  }
  return { width: info.width, height: info.height, rgb: new Uint8Array(data) }
}

const open = (file: Uint8Array) =>
  sharp(file, { limitInputPixels: UPLOAD_PIXELS_MAX, failOn: 'warning', animated: false })
    .flatten({ background: '#ffffff' })
    .toColourspace('srgb')
