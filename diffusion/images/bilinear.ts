// Enlarges planes of latents: linear between neighbours, pixel centres aligned, edges repeated, as torch's
// `interpolate(mode='bilinear', align_corners=False)` (A1111's "Latent" upscaler).

interface Sides {
  readonly width: number
  readonly height: number
}

/** float32 [channels, from.height, from.width] → [channels, to.height, to.width]. */
export function resizeBilinear(planes: Float32Array, from: Sides, to: Sides): Float32Array {
  const columns = neighbours(from.width, to.width)
  const rows = neighbours(from.height, to.height)
  const channels = planes.length / (from.width * from.height)
  const resized = new Float32Array(channels * to.width * to.height)
  let at = 0
  for (let channel = 0; channel < channels; channel++) {
    const start = channel * from.width * from.height
    for (const row of rows) {
      for (const column of columns) {
        const top = mix(planes, start + row.low * from.width, column)
        const bottom = mix(planes, start + row.high * from.width, column)
        resized[at++] = top + (bottom - top) * row.share
      }
    }
  }
  return resized
}

interface Neighbours {
  readonly low: number
  readonly high: number
  readonly share: number
}

function neighbours(from: number, to: number): Neighbours[] {
  return Array.from({ length: to }, (_, at) => {
    const place = Math.max(0, ((at + 0.5) * from) / to - 0.5)
    const low = Math.min(from - 1, Math.floor(place))
    return { low, high: Math.min(from - 1, low + 1), share: place - low }
  })
}

function mix(values: Float32Array, rowStart: number, { low, high, share }: Neighbours): number {
  const left = values[rowStart + low] ?? 0
  return left + ((values[rowStart + high] ?? 0) - left) * share
}
