// Masks of inpainting: how a person's black and white drawing becomes soft edges for the picture and a grid for the latents.

/** 8-bit grey, row by row: 255 is repainted, 0 stays. */
export interface Mask {
  readonly width: number
  readonly height: number
  readonly data: Uint8Array
}

/** float32 [height, width] in 0..1: how much of each pixel is new. */
export interface Alpha {
  readonly width: number
  readonly height: number
  readonly data: Float32Array
}

/** A Gaussian falls below a thousandth of its weight past three deviations. */
const BLUR_REACH = 3

/** Softens the mask's edge by a Gaussian of standard deviation `blurPx`; edges of the picture repeat. */
export function softenMask({ width, height, data }: Mask, blurPx: number): Alpha {
  const hard = Float32Array.from(data, (value) => value / 255)
  if (blurPx === 0) return { width, height, data: hard }
  const reach = Math.ceil(blurPx * BLUR_REACH)
  const kernel = Float64Array.from({ length: reach * 2 + 1 }, (_, i) => Math.exp(-0.5 * ((i - reach) / blurPx) ** 2))
  const total = kernel.reduce((sum, weight) => sum + weight, 0)
  const blur = (values: Float32Array, length: number, stride: number, lineStart: (line: number) => number) => {
    const blurred = new Float32Array(values.length)
    for (let line = 0; line < values.length / length; line++) {
      for (let at = 0; at < length; at++) {
        let sum = 0
        for (let i = -reach; i <= reach; i++) {
          const from = Math.min(length - 1, Math.max(0, at + i))
          sum += (kernel[i + reach] ?? 0) * (values[lineStart(line) + from * stride] ?? 0)
        }
        blurred[lineStart(line) + at * stride] = sum / total
      }
    }
    return blurred
  }
  const across = blur(hard, width, 1, (line) => line * width)
  return { width, height, data: blur(across, height, width, (line) => line) }
}

/**
 * The mask on the latent grid, float32 [height, width] of 0 or 1: the pixel at each block's corner decides, as diffusers'
 * nearest interpolation does.
 */
export function latentMask(
  { width, data }: Alpha,
  size: { height: number; width: number },
  scaleFactor: number,
): Float32Array {
  return Float32Array.from({ length: size.width * size.height }, (_, i) => {
    const x = (i % size.width) * scaleFactor
    const y = Math.floor(i / size.width) * scaleFactor
    return isRepainted(data[y * width + x] ?? 0) ? 1 : 0
  })
}

export const isRepainted = (alpha: number): boolean => alpha >= 0.5
