// Decodes large latents tile by tile: a decoder's memory grows with the picture, and at 2048 px it would take tens of gigabytes.
// Neighbouring tiles overlap by a quarter and fade into each other. Same tiles and fades as diffusers' AutoencoderKL.
import type { LatentSize } from './unet.ts'
import type { Pixels } from './vae.ts'

/** A decoder at 1024 x 1024 px needs some 4 GB in float32; past that it goes in tiles. */
const TILED_ABOVE_PX = 1024 * 1024
/** What Stable Diffusion's decoder was trained at: enough context for even colours. */
const TILE_PX = 512
const OVERLAP = 0.25

export const needsTiles = (size: LatentSize, scaleFactor: number): boolean =>
  size.width * size.height * scaleFactor ** 2 > TILED_ABOVE_PX

export interface TileOptions {
  /** Pixels per latent pixel on a side. */
  readonly scaleFactor: number
  readonly tilePx?: number
}

/** @param decode decodes one tile's latents, float32 [channels, tile height, tile width]. */
export async function decodeTiled(
  decode: (latents: Float32Array, size: LatentSize) => Promise<Pixels>,
  latents: Float32Array,
  size: LatentSize,
  { scaleFactor, tilePx = TILE_PX }: TileOptions,
): Promise<Pixels> {
  const side = Math.floor(tilePx / scaleFactor)
  const stride = Math.floor(side * (1 - OVERLAP))
  const fade = Math.floor(side * scaleFactor * OVERLAP)
  const kept = side * scaleFactor - fade
  const width = size.width * scaleFactor
  const height = size.height * scaleFactor
  const data = new Float32Array(3 * width * height)
  let above: Pixels[] = []
  for (let top = 0, y = 0; top < size.height; top += stride, y += kept) {
    const row: Pixels[] = []
    for (let left = 0, x = 0; left < size.width; left += stride, x += kept) {
      const tile = await decode(...cut(latents, size, left, top, side))
      const upper = above[row.length]
      const before = row.at(-1)
      if (upper !== undefined) fadeIn(tile, upper, fade, 'down')
      if (before !== undefined) fadeIn(tile, before, fade, 'across')
      row.push(tile)
      copyTile(tile, kept, { width, height, data }, x, y)
    }
    above = row
  }
  return { width, height, data }
}

function cut(latents: Float32Array, size: LatentSize, left: number, top: number, side: number) {
  const width = Math.min(side, size.width - left)
  const height = Math.min(side, size.height - top)
  const tile = new Float32Array(size.channels * width * height)
  for (let channel = 0; channel < size.channels; channel++) {
    for (let row = 0; row < height; row++) {
      const start = (channel * size.height + top + row) * size.width + left
      tile.set(latents.subarray(start, start + width), (channel * height + row) * width)
    }
  }
  return [tile, { channels: size.channels, width, height }] as const
}

/** The tile's first `extent` rows or columns go over from the neighbour's last ones, in place. */
function fadeIn(tile: Pixels, neighbour: Pixels, fade: number, direction: 'down' | 'across'): void {
  const isDown = direction === 'down'
  const extent = isDown ? Math.min(neighbour.height, tile.height, fade) : Math.min(neighbour.width, tile.width, fade)
  const columns = isDown ? Math.min(tile.width, neighbour.width) : extent
  const rows = isDown ? extent : Math.min(tile.height, neighbour.height)
  for (let channel = 0; channel < 3; channel++) {
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) {
        const share = (isDown ? y : x) / extent
        const from = isDown ? { x, y: neighbour.height - extent + y } : { x: neighbour.width - extent + x, y }
        const old = neighbour.data[(channel * neighbour.height + from.y) * neighbour.width + from.x] ?? 0
        const at = (channel * tile.height + y) * tile.width + x
        tile.data[at] = old * (1 - share) + (tile.data[at] ?? 0) * share
      }
    }
  }
}

function copyTile(tile: Pixels, kept: number, whole: Pixels, x: number, y: number): void {
  const columns = Math.min(kept, tile.width, whole.width - x)
  const rows = Math.min(kept, tile.height, whole.height - y)
  for (let channel = 0; channel < 3; channel++) {
    for (let row = 0; row < rows; row++) {
      const start = (channel * tile.height + row) * tile.width
      whole.data.set(tile.data.subarray(start, start + columns), (channel * whole.height + y + row) * whole.width + x)
    }
  }
}
