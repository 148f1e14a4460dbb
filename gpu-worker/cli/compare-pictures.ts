// How far two pictures differ, value by value as they are decoded: what "the same picture" means, without a threshold.
import sharp from 'sharp'
import { UPLOAD_PIXELS_MAX } from '#contracts/limits.ts'

export interface DecodedPicture {
  readonly width: number
  readonly height: number
  /** uint8 [height, width, 4]; opaque pictures have 255 as their fourth value. */
  readonly rgba: Uint8Array
  readonly hasAlpha: boolean
}

export interface Comparison {
  readonly pixelsMatch: boolean
  /** Of the colour values, and of the transparency where either picture has any; null when the sizes differ. */
  readonly valueCount: number | null
  readonly differingCount: number | null
  /** 0 to 255; null when the sizes differ. */
  readonly largestDifference: number | null
  /** Peak signal-to-noise ratio, 10·log10(255² / mean squared difference); null for equal pixels (infinite) and other sizes. */
  readonly psnrDb: number | null
}

/** @throws Error when the file is no picture or is damaged. */
export async function decodePicture(file: Uint8Array): Promise<DecodedPicture> {
  const picture = sharp(file, { limitInputPixels: UPLOAD_PIXELS_MAX, failOn: 'warning', animated: false })
  const { hasAlpha } = await picture.metadata()
  const { data, info } = await picture.toColourspace('srgb').ensureAlpha().raw().toBuffer({ resolveWithObject: true })
  return { width: info.width, height: info.height, rgba: new Uint8Array(data), hasAlpha }
}

export function comparePictures(a: DecodedPicture, b: DecodedPicture): Comparison {
  if (a.width !== b.width || a.height !== b.height)
    return { pixelsMatch: false, valueCount: null, differingCount: null, largestDifference: null, psnrDb: null }
  const channels = a.hasAlpha || b.hasAlpha ? 4 : 3
  let differingCount = 0
  let largestDifference = 0
  let squares = 0
  for (let i = 0; i < a.rgba.length; i++) {
    // The fourth values are 255 in both where there is no transparency, so they add nothing.
    const difference = Math.abs((a.rgba[i] ?? 0) - (b.rgba[i] ?? 0))
    if (difference > 0) differingCount++
    largestDifference = Math.max(largestDifference, difference)
    squares += difference * difference
  }
  const valueCount = a.width * a.height * channels
  const pixelsMatch = differingCount === 0
  const psnrDb = pixelsMatch ? null : 10 * Math.log10((255 * 255) / (squares / valueCount))
  return { pixelsMatch, valueCount, differingCount, largestDifference, psnrDb }
}
