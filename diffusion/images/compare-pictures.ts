// How far two pictures differ, value by value as they are decoded: what "the same picture" means, without a threshold.

export interface DecodedPicture {
  readonly width: number
  readonly height: number
  /** uint8 [height, width, 4]; opaque pictures have 255 as their fourth value. */
  readonly rgba: Uint8Array | Uint8ClampedArray
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
    if (difference > largestDifference) largestDifference = difference
    squares += difference * difference
  }
  const valueCount = a.width * a.height * channels
  const pixelsMatch = differingCount === 0
  const psnrDb = pixelsMatch ? null : 10 * Math.log10((255 * 255) / (squares / valueCount))
  return { pixelsMatch, valueCount, differingCount, largestDifference, psnrDb }
}

export interface DifferenceImage {
  /** uint8 [height, width, 4], opaque: black where the pictures agree. */
  readonly rgba: Uint8ClampedArray<ArrayBuffer>
  /** What each difference was multiplied by, a whole number, so that the largest one can be seen. */
  readonly gain: number
}

/** Colours only. @throws RangeError when the sizes differ. */
export function differenceImage(a: DecodedPicture, b: DecodedPicture): DifferenceImage {
  const { largestDifference } = comparePictures(a, b)
  if (largestDifference === null)
    throw new RangeError(`Pictures are compared at one size, got ${a.width}x${a.height} and ${b.width}x${b.height}`)
  const gain = largestDifference === 0 ? 1 : Math.floor(255 / largestDifference)
  const rgba = new Uint8ClampedArray(a.rgba.length)
  for (let i = 0; i < rgba.length; i++) {
    rgba[i] = i % 4 === 3 ? 255 : gain * Math.abs((a.rgba[i] ?? 0) - (b.rgba[i] ?? 0))
  }
  return { rgba, gain }
}
