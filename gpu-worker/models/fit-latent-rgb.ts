// Ordinary least squares for a manifest's `latentRgb`: rgb = bias + latent · weights, one row per latent pixel, the target
// being the mean colour of the picture's block under it.
import type { ModelManifest } from '#contracts/model-manifest.ts'
import type { RgbImage } from '#diffusion/images/rgb-image.ts'
import type { LatentSize } from '#diffusion/model/unet.ts'
import { latentsToRgb } from '#diffusion/pipelines/preview.ts'

export interface LatentRgbSample {
  readonly latents: Float32Array
  readonly size: LatentSize
  readonly picture: RgbImage
}
type LatentRgb = Pick<ModelManifest['latentRgb'], 'weights' | 'bias'>

/** Solves the normal equations (AᵀA) x = Aᵀb; a dozen unknowns at most, so conditioning is no concern in doubles. */
export function fitLatentRgb(samples: readonly LatentRgbSample[]): LatentRgb {
  const channels = samples[0]?.size.channels ?? 0
  const unknowns = channels + 1
  // Each row is AᵀA's row followed by the three colours' Aᵀb.
  const system = Array.from({ length: unknowns }, () => new Float64Array(unknowns + 3))
  for (const { latents, size, picture } of samples) {
    const plane = size.height * size.width
    const target = blockMeans(picture, size)
    for (let i = 0; i < plane; i++) {
      const row = Array.from({ length: unknowns }, (_, c) => (c === channels ? 1 : (latents[c * plane + i] ?? 0)))
      const colors = target.subarray(i * 3, i * 3 + 3)
      system.forEach((equation, r) => {
        for (let c = 0; c < unknowns; c++) equation[c] = (equation[c] ?? 0) + (row[r] ?? 0) * (row[c] ?? 0)
        colors.forEach((color, k) => {
          equation[unknowns + k] = (equation[unknowns + k] ?? 0) + (row[r] ?? 0) * color
        })
      })
    }
  }
  const rows = solve(system).map(([r = 0, g = 0, b = 0]): [number, number, number] => [digits(r), digits(g), digits(b)])
  const bias = rows.pop()
  if (bias === undefined) throw new RangeError('There are no samples to fit on')
  return { weights: rows, bias }
}

/** Peak signal-to-noise ratio in dB of the map's preview against the picture's block means. */
export function latentRgbPsnr(samples: readonly LatentRgbSample[], map: LatentRgb): number {
  let squares = 0
  let count = 0
  for (const { latents, size, picture } of samples) {
    const preview = latentsToRgb(latents, size, { ...map, psnrDb: 0 })
    blockMeans(picture, size).forEach((color, i) => {
      squares += ((preview.rgb[i] ?? 0) / 255 - color) ** 2
      count += 1
    })
  }
  return -10 * Math.log10(squares / count)
}

/** Mean colour 0..1 of each latent pixel's block, three values a latent pixel. */
function blockMeans({ width, rgb }: RgbImage, size: LatentSize): Float64Array {
  const block = width / size.width
  const means = new Float64Array(size.width * size.height * 3)
  for (let i = 0; i < rgb.length; i++) {
    const pixel = Math.floor(i / 3)
    const x = Math.floor((pixel % width) / block)
    const y = Math.floor(Math.floor(pixel / width) / block)
    const at = (y * size.width + x) * 3 + (i % 3)
    means[at] = (means[at] ?? 0) + (rgb[i] ?? 0) / 255 / block ** 2
  }
  return means
}

/** Gauss-Jordan with partial pivoting; each row carries its right-hand sides behind the square part. */
function solve(system: Float64Array[]): number[][] {
  const rows = system.map((row) => Array.from(row))
  const size = rows.length
  for (let column = 0; column < size; column++) {
    const rest = rows.splice(column).sort((a, b) => Math.abs(b[column] ?? 0) - Math.abs(a[column] ?? 0))
    rows.push(...rest)
    const pivot = rows[column]
    const scale = pivot?.[column] ?? 0
    if (pivot === undefined || scale === 0) throw new RangeError('The latents of the samples are linearly dependent')
    rows[column] = pivot.map((value) => value / scale)
    for (let r = 0; r < size; r++) {
      const factor = r === column ? 0 : (rows[r]?.[column] ?? 0)
      if (factor !== 0) rows[r] = (rows[r] ?? []).map((value, k) => value - factor * (rows[column]?.[k] ?? 0))
    }
  }
  return rows.map((row) => row.slice(size))
}

function digits(value: number): number {
  return Number(value.toPrecision(6))
}
