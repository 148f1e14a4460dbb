// Runs an autoencoder's half tile by tile: its memory grows with the picture, and at 2048 px a decoder would take tens of
// gigabytes. Neighbouring tiles overlap by a quarter and fade into each other. Same tiles and fades as diffusers' AutoencoderKL.

/** float32 [channels, height, width]. */
export interface Planes {
  readonly channels: number
  readonly width: number
  readonly height: number
  readonly data: Float32Array
}

/** A decoder at 1024 x 1024 px needs some 4 GB in float32; past that it goes in tiles. */
const TILED_ABOVE_PX = 1024 * 1024
/** What Stable Diffusion's autoencoder was trained at: enough context for even colours. */
export const TILE_PX = 512
const OVERLAP = 0.25

/** @param picture its sides in pixels. */
export const needsTiles = (picture: { readonly width: number; readonly height: number }): boolean =>
  picture.width * picture.height > TILED_ABOVE_PX

export interface TileOptions {
  /** Side of a tile on the input's grid. */
  readonly side: number
  /** Output pixels per input pixel on a side: 8 for Stable Diffusion's decoder, 1/8 for its encoder. */
  readonly scale: number
}

/** @param run turns one tile into its part of the output. */
export async function runInTiles(
  run: (tile: Planes) => Promise<Planes>,
  input: Planes,
  { side, scale }: TileOptions,
): Promise<Planes> {
  const stride = Math.floor(side * (1 - OVERLAP))
  const fade = Math.floor(side * scale * OVERLAP)
  const kept = side * scale - fade
  let output: Planes | undefined
  let above: Planes[] = []
  for (let top = 0, y = 0; top < input.height; top += stride, y += kept) {
    const row: Planes[] = []
    for (let left = 0, x = 0; left < input.width; left += stride, x += kept) {
      const tile = await run(cut(input, left, top, side))
      const upper = above[row.length]
      const before = row.at(-1)
      if (upper !== undefined) fadeDown(tile, upper, fade)
      if (before !== undefined) fadeAcross(tile, before, fade)
      row.push(tile)
      output ??= emptyPlanes(tile.channels, input.width * scale, input.height * scale)
      copyTile(tile, kept, output, x, y)
    }
    above = row
  }
  if (output === undefined) throw new RangeError(`There is nothing in ${input.width}x${input.height}`)
  return output
}

function emptyPlanes(channels: number, width: number, height: number): Planes {
  return { channels, width, height, data: new Float32Array(channels * width * height) }
}

function cut(input: Planes, left: number, top: number, side: number): Planes {
  const tile = emptyPlanes(input.channels, Math.min(side, input.width - left), Math.min(side, input.height - top))
  for (let channel = 0; channel < tile.channels; channel++) {
    for (let row = 0; row < tile.height; row++) {
      const start = (channel * input.height + top + row) * input.width + left
      tile.data.set(input.data.subarray(start, start + tile.width), (channel * tile.height + row) * tile.width)
    }
  }
  return tile
}

/** The tile's first rows go over from the last rows of the one above, in place. */
function fadeDown(tile: Planes, upper: Planes, fade: number): void {
  const extent = Math.min(upper.height, tile.height, fade)
  const columns = Math.min(tile.width, upper.width)
  mix(tile, upper, { columns, rows: extent }, (x, y) => ({ share: y / extent, x, y: upper.height - extent + y }))
}

/** The tile's first columns go over from the last columns of the one before, in place. */
function fadeAcross(tile: Planes, before: Planes, fade: number): void {
  const extent = Math.min(before.width, tile.width, fade)
  const rows = Math.min(tile.height, before.height)
  mix(tile, before, { columns: extent, rows }, (x, y) => ({ share: x / extent, x: before.width - extent + x, y }))
}

function mix(
  tile: Planes,
  neighbour: Planes,
  { columns, rows }: { columns: number; rows: number },
  from: (x: number, y: number) => { share: number; x: number; y: number },
): void {
  for (let channel = 0; channel < tile.channels; channel++) {
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) {
        const old = from(x, y)
        const value = neighbour.data[(channel * neighbour.height + old.y) * neighbour.width + old.x] ?? 0
        const at = (channel * tile.height + y) * tile.width + x
        tile.data[at] = value * (1 - old.share) + (tile.data[at] ?? 0) * old.share
      }
    }
  }
}

function copyTile(tile: Planes, kept: number, whole: Planes, x: number, y: number): void {
  const columns = Math.min(kept, tile.width, whole.width - x)
  const rows = Math.min(kept, tile.height, whole.height - y)
  for (let channel = 0; channel < tile.channels; channel++) {
    for (let row = 0; row < rows; row++) {
      const start = (channel * tile.height + row) * tile.width
      whole.data.set(tile.data.subarray(start, start + columns), (channel * whole.height + y + row) * whole.width + x)
    }
  }
}
