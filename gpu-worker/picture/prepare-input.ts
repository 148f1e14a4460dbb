// A person's own picture file → the PNG an image-to-image recipe names: upright, opaque, sRGB, cut to the picture's shape.
import { createHash } from 'node:crypto'
import sharp from 'sharp'
import { UPLOAD_PIXELS_MAX } from '#contracts/limits.ts'

/** Covers the size, cutting equally from both sides. Fixed options: the hash of the result is part of the recipe. */
export async function prepareInput(file: Uint8Array, { width, height }: { width: number; height: number }) {
  const png = await sharp(file, { limitInputPixels: UPLOAD_PIXELS_MAX, failOn: 'warning', animated: false })
    .autoOrient()
    .flatten({ background: '#ffffff' })
    .toColourspace('srgb')
    .resize(width, height, { fit: 'cover' })
    .png()
    .toBuffer()
  return { png, sha256: createHash('sha256').update(png).digest('hex') }
}
