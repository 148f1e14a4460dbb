// Pictures whose edges meet. Padding is baked into an exported graph, so the edge itself is moved: each call sees the latents
// rolled by another amount, so no place is always at a border, and the decoder's borders are taken from a rolled second decode.
// An approximation of circular padding, which a graph would have to be exported with.
import type { Recipe } from '#contracts/recipe.ts'
import type { Pixels } from '../images/rgb-image.ts'
import type { LatentSize, UNetRow } from '../model/unet.ts'
import type { Vae } from '../model/vae.ts'

export interface Shift {
  readonly x: number
  readonly y: number
}

export interface Tiling {
  readonly x: boolean
  readonly y: boolean
  /** By how many latent pixels call `index` is rolled. */
  shiftAt(index: number): Shift
  rollRow(row: UNetRow, shift: Shift): UNetRow
  unroll(values: Float32Array, size: LatentSize, shift: Shift): Float32Array
}

/** Multiples of it modulo 1 spread as evenly as a sequence can (Weyl), without a random number. */
const GOLDEN_RATIO = 0.618_033_988_75

export function createTiling(tiling: Recipe['tiling'], size: LatentSize): Tiling {
  const x = tiling === 'x' || tiling === 'xy'
  const y = tiling === 'y' || tiling === 'xy'
  return {
    x,
    y,
    shiftAt: (index) => {
      const share = (index * GOLDEN_RATIO) % 1
      return { x: x ? Math.floor(share * size.width) : 0, y: y ? Math.floor(share * size.height) : 0 }
    },
    rollRow: (row, shift) => ({
      ...row,
      sample: roll(row.sample, size, shift),
      ...(row.extraChannels ? { extraChannels: roll(row.extraChannels, size, shift) } : {}),
    }),
    unroll: (values, { width, height }, shift) =>
      roll(values, size, { x: (width - shift.x) % width, y: (height - shift.y) % height }),
  }
}

/** Moves every [height, width] plane right and down, what leaves on one side coming in on the other. */
export function roll(values: Float32Array, { width, height }: { width: number; height: number }, { x, y }: Shift) {
  if (x === 0 && y === 0) return values
  const rolled = new Float32Array(values.length)
  const plane = width * height
  for (let start = 0; start < values.length; start += plane) {
    for (let row = 0; row < height; row++) {
      const from = start + row * width
      const to = start + ((row + y) % height) * width
      rolled.set(values.subarray(from, from + width - x), to + x)
      rolled.set(values.subarray(from + width - x, from + width), to)
    }
  }
  return rolled
}

/** Decodes once per rolled axis more and takes each place from where it was far from a border. */
export async function decodeSeamless(
  vae: Vae,
  latents: Float32Array,
  size: LatentSize,
  tiling: Tiling,
): Promise<Pixels> {
  if (!tiling.x && !tiling.y) return vae.decode(latents, size)
  const half = { x: Math.floor(size.width / 2), y: Math.floor(size.height / 2) }
  let sum: Float32Array | undefined
  const whole = { width: size.width * vae.scaleFactor, height: size.height * vae.scaleFactor }
  for (const x of tiling.x ? [0, half.x] : [0]) {
    for (const y of tiling.y ? [0, half.y] : [0]) {
      const { data } = await vae.decode(roll(latents, size, { x, y }), size)
      const back = {
        x: (whole.width - x * vae.scaleFactor) % whole.width,
        y: (whole.height - y * vae.scaleFactor) % whole.height,
      }
      sum = addWeighted(sum, roll(data, whole, back), whole, (column, row) => {
        const across = tiling.x ? inside(column, whole.width, x !== 0) : 1
        return across * (tiling.y ? inside(row, whole.height, y !== 0) : 1)
      })
    }
  }
  if (sum === undefined) throw new RangeError('Nothing was decoded')
  return { ...whole, data: sum }
}

/** Weight of a place in the plain decode, 0 near the border and 1 inside; the rolled one has the rest. */
function inside(at: number, length: number, isRolled: boolean): number {
  const fromBorder = Math.min(at + 0.5, length - at - 0.5) / length
  const weight = Math.min(1, Math.max(0, (fromBorder - 1 / 8) * 4))
  return isRolled ? 1 - weight : weight
}

function addWeighted(
  sum: Float32Array | undefined,
  data: Float32Array,
  { width, height }: { width: number; height: number },
  weightAt: (column: number, row: number) => number,
): Float32Array {
  const plane = width * height
  const added = sum ?? new Float32Array(data.length)
  for (let i = 0; i < data.length; i++) {
    const at = i % plane
    added[i] = (added[i] ?? 0) + weightAt(at % width, Math.floor(at / width)) * (data[i] ?? 0)
  }
  return added
}
