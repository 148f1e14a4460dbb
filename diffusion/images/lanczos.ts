// Resampling with Lanczos' windowed sinc, three lobes, widened when shrinking so that nothing aliases: what Pillow calls LANCZOS.

const LOBES = 3

interface Tap {
  readonly from: number
  readonly weights: Float64Array
}

/**
 * @param values row by row, `channels` values a pixel.
 * @returns float32 of the new size, unclamped: the filter rings past the values it is given.
 */
export function resizeLanczos(
  values: ArrayLike<number>,
  channels: number,
  from: { readonly width: number; readonly height: number },
  to: { readonly width: number; readonly height: number },
): Float32Array {
  const across = new Float32Array(to.width * from.height * channels)
  taps(from.width, to.width).forEach(({ from: start, weights }, x) => {
    for (let y = 0; y < from.height; y++) {
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0
        for (let i = 0; i < weights.length; i++) {
          sum += (weights[i] ?? 0) * (values[(y * from.width + start + i) * channels + channel] ?? 0)
        }
        across[(y * to.width + x) * channels + channel] = sum
      }
    }
  })
  const rowLength = to.width * channels
  const resized = new Float32Array(to.height * rowLength)
  taps(from.height, to.height).forEach(({ from: start, weights }, y) => {
    for (let at = 0; at < rowLength; at++) {
      let sum = 0
      for (let i = 0; i < weights.length; i++) sum += (weights[i] ?? 0) * (across[(start + i) * rowLength + at] ?? 0)
      resized[y * rowLength + at] = sum
    }
  })
  return resized
}

/** For each new pixel, the old pixels it is made of and their weights, which sum to 1. */
function taps(from: number, to: number): Tap[] {
  const scale = from / to
  const reach = LOBES * Math.max(1, scale)
  return Array.from({ length: to }, (_, at) => {
    const center = (at + 0.5) * scale
    const first = Math.max(0, Math.floor(center - reach + 0.5))
    const last = Math.min(from, Math.floor(center + reach + 0.5))
    const weights = new Float64Array(last - first)
    let sum = 0
    for (let i = first; i < last; i++) {
      const weight = lanczos((i + 0.5 - center) / Math.max(1, scale))
      weights[i - first] = weight
      sum += weight
    }
    return { from: first, weights: weights.map((weight) => weight / sum) }
  })
}

function lanczos(x: number): number {
  if (x === 0) return 1
  if (Math.abs(x) >= LOBES) return 0
  const angle = Math.PI * x
  return (LOBES * Math.sin(angle) * Math.sin(angle / LOBES)) / angle ** 2
}
