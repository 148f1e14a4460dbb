// A person's own picture file → the PNG an image-to-image recipe names: upright, opaque, sRGB, cut to the picture's shape.
// The website does the same in server/images/image-process/decode.ts; a test holds the two to the same bytes.
import { createHash } from 'node:crypto'
import sharp from 'sharp'
import { SIZE_MAX_PX, UPLOAD_PIXELS_MAX } from '#contracts/limits.ts'

/** Covers the size, cutting equally from both sides. Fixed options: the hash of the result is part of the recipe. */
export async function prepareInput(file: Uint8Array, { width, height }: { width: number; height: number }) {
  // Two passes, because the website keeps the upload between them: one pass would let a JPEG shrink while it is decoded.
  const kept = await normalise(file)
    .resize(SIZE_MAX_PX, SIZE_MAX_PX, { fit: 'outside', withoutEnlargement: true })
    .png()
    .toBuffer()
  const png = await normalise(kept).resize(width, height, { fit: 'cover' }).png().toBuffer()
  return { png, sha256: sha256Of(png) }
}

/** At its own size, for a mask that cuts out what is worked on. */
export async function prepareWhole(file: Uint8Array) {
  const { data, info } = await normalise(file)
    .resize(SIZE_MAX_PX, SIZE_MAX_PX, { fit: 'outside', withoutEnlargement: true })
    .png()
    .toBuffer({ resolveWithObject: true })
  return { png: data, width: info.width, height: info.height, sha256: sha256Of(data) }
}

/** A mask as a recipe names it: grey, cut to the input's shape as the input itself is. What is transparent stays. */
export async function prepareMask(file: Uint8Array, { width, height }: { width: number; height: number }) {
  const png = await sharp(file, { limitInputPixels: UPLOAD_PIXELS_MAX, failOn: 'warning', animated: false })
    .autoOrient()
    .flatten({ background: '#000000' })
    .toColourspace('b-w')
    .resize(width, height, { fit: 'cover' })
    .png()
    .toBuffer()
  return { png, sha256: sha256Of(png) }
}

const sha256Of = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

const normalise = (file: Uint8Array) =>
  sharp(file, { limitInputPixels: UPLOAD_PIXELS_MAX, failOn: 'warning', animated: false })
    .autoOrient()
    .flatten({ background: '#ffffff' })
    .toColourspace('srgb')
