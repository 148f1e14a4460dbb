// RGB bytes, as pictures come and go, ↔ pixels in [-1, 1], as the autoencoder takes and gives them.

/** 8-bit RGB, row by row, three bytes a pixel. */
export interface RgbImage {
  readonly width: number
  readonly height: number
  readonly rgb: Uint8Array
}

/** float32 [3, height, width] in [-1, 1]. */
export interface Pixels {
  readonly width: number
  readonly height: number
  readonly data: Float32Array
}

export function toPixels({ width, height, rgb }: RgbImage): Pixels {
  const plane = width * height
  if (rgb.length !== plane * 3) {
    throw new RangeError(`An image of ${width}x${height} has ${plane * 3} RGB bytes, got ${rgb.length}`)
  }
  const data = new Float32Array(plane * 3)
  for (let i = 0; i < plane; i++) {
    for (let channel = 0; channel < 3; channel++) data[channel * plane + i] = (rgb[i * 3 + channel] ?? 0) / 127.5 - 1
  }
  return { width, height, data }
}

export function toRgbImage({ width, height, data }: Pixels): RgbImage {
  const plane = width * height
  const rgb = new Uint8Array(plane * 3)
  for (let i = 0; i < plane; i++) {
    for (let channel = 0; channel < 3; channel++) {
      rgb[i * 3 + channel] = toByte((data[channel * plane + i] ?? 0) / 2 + 0.5)
    }
  }
  return { width, height, rgb }
}

/** 0..1 → 0..255, clamped, rounded as numpy rounds so that pixels compare with diffusers'. */
export function toByte(value: number): number {
  const scaled = Math.min(1, Math.max(0, value)) * 255
  const floor = Math.floor(scaled)
  const rest = scaled - floor
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor
}
