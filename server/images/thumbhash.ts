// The few bytes a browser shows before a picture has come. Only for PNGs we encoded ourselves: it decodes in this process.
import sharp from 'sharp'
import { rgbaToThumbHash } from 'thumbhash'

/** thumbhash takes at most 100 pixels a side. */
const SIDE_MAX_PX = 100

/** Base64. */
export async function thumbhashOf(png: Uint8Array): Promise<string> {
  const { data, info } = await sharp(png)
    .resize(SIDE_MAX_PX, SIDE_MAX_PX, { fit: 'inside', withoutEnlargement: true })
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  return Buffer.from(rgbaToThumbHash(info.width, info.height, data)).toString('base64')
}
