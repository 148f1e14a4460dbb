// Enlarges a preview (one pixel per latent) with a cubic filter whose shape goes from B-spline (soft) to Catmull-Rom
// (sharp): Mitchell and Netravali 1988, the line C = (1 - B) / 2. Softness is a choice of filter, not a blur on top.

/** Half the width of a cubic filter, in source pixels. */
const RADIUS = 2

/** Mitchell-Netravali kernel at distance `x` for B = 1 - sharpness, C = sharpness / 2. */
export function cubicKernel(x: number, sharpness: number): number {
  const b = 1 - sharpness
  const c = sharpness / 2
  const d = Math.abs(x)
  if (d < 1) return ((12 - 9 * b - 6 * c) * d ** 3 + (-18 + 12 * b + 6 * c) * d ** 2 + (6 - 2 * b)) / 6
  if (d < 2) return ((-b - 6 * c) * d ** 3 + (6 * b + 30 * c) * d ** 2 + (-12 * b - 48 * c) * d + (8 * b + 24 * c)) / 6
  return 0
}

interface Taps {
  readonly index: Uint16Array
  readonly weight: Float32Array
}

/** For every target pixel its four source pixels (edges repeat) and their weights, which sum to 1. */
function taps(source: number, target: number, sharpness: number): Taps {
  const index = new Uint16Array(target * RADIUS * 2)
  const weight = new Float32Array(target * RADIUS * 2)
  for (let t = 0; t < target; t += 1) {
    const centre = ((t + 0.5) * source) / target - 0.5
    const first = Math.floor(centre) - 1
    let sum = 0
    for (let k = 0; k < RADIUS * 2; k += 1) {
      const at = t * RADIUS * 2 + k
      index[at] = Math.min(source - 1, Math.max(0, first + k))
      const w = cubicKernel(centre - (first + k), sharpness)
      weight[at] = w
      sum += w
    }
    for (let k = 0; k < RADIUS * 2; k += 1) weight[t * RADIUS * 2 + k] = (weight[t * RADIUS * 2 + k] ?? 0) / sum
  }
  return { index, weight }
}

/**
 * RGB bytes [height, width, 3] → RGBA bytes [targetHeight, targetWidth, 4], opaque.
 * `sharpness` 0 is the softest, 1 the sharpest. RangeError when `rgb` is not width * height * 3 bytes.
 */
export function upscalePreview(
  source: { width: number; height: number; rgb: Uint8Array },
  target: { width: number; height: number },
  sharpness: number,
): Uint8ClampedArray<ArrayBuffer> {
  const { width, height, rgb } = source
  if (rgb.length !== width * height * 3) {
    throw new RangeError(`A ${width}x${height} preview has ${width * height * 3} bytes, got ${rgb.length}`)
  }
  const across = taps(width, target.width, sharpness)
  const down = taps(height, target.height, sharpness)
  const n = RADIUS * 2

  // Rows first: [height, target.width, 3].
  const wide = new Float32Array(height * target.width * 3)
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < target.width; x += 1) {
      for (let channel = 0; channel < 3; channel += 1) {
        let sum = 0
        for (let k = 0; k < n; k += 1) {
          const at = x * n + k
          sum += (across.weight[at] ?? 0) * (rgb[(y * width + (across.index[at] ?? 0)) * 3 + channel] ?? 0)
        }
        wide[(y * target.width + x) * 3 + channel] = sum
      }
    }
  }

  const out = new Uint8ClampedArray(target.width * target.height * 4)
  for (let y = 0; y < target.height; y += 1) {
    for (let x = 0; x < target.width; x += 1) {
      const to = (y * target.width + x) * 4
      for (let channel = 0; channel < 3; channel += 1) {
        let sum = 0
        for (let k = 0; k < n; k += 1) {
          const at = y * n + k
          sum += (down.weight[at] ?? 0) * (wide[((down.index[at] ?? 0) * target.width + x) * 3 + channel] ?? 0)
        }
        out[to + channel] = sum
      }
      out[to + 3] = 255
    }
  }
  return out
}

/** Bytes of a preview's base64. */
export function previewBytes(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
}
