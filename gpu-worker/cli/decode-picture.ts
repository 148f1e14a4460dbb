// A picture file → its pixels, as comparisons take them.
import sharp from 'sharp'
import { UPLOAD_PIXELS_MAX } from '#contracts/limits.ts'
import type { DecodedPicture } from '#diffusion/images/compare-pictures.ts'

/** @throws Error when the file is no picture or is damaged. */
export async function decodePicture(file: Uint8Array): Promise<DecodedPicture> {
  const picture = sharp(file, { limitInputPixels: UPLOAD_PIXELS_MAX, failOn: 'warning', animated: false })
  const { hasAlpha } = await picture.metadata()
  const { data, info } = await picture.toColourspace('srgb').ensureAlpha().raw().toBuffer({ resolveWithObject: true })
  return { width: info.width, height: info.height, rgba: new Uint8Array(data), hasAlpha }
}
