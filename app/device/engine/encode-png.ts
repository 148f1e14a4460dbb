// RGB pixels → a PNG file with its recipe, without any image library: PNG specification (third edition), filters chosen per row by
// the smallest sum of absolute differences (its section 12.7), DEFLATE from the platform.

import type { Recipe } from '#contracts/recipe.ts'
import { encodeChunk } from '#recipes/metadata/png.ts'
import { writeRecipe } from '#recipes/metadata/write-recipe.ts'
import { PROGRAM } from '#recipes/program.ts'
import type { DevicePixels } from './device-engine.ts'

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)
const BYTES_PER_PIXEL = 3
const FILTERS = 5

/** `recipe` is the recipe of this one image (count 1). */
export async function encodePng(
  image: DevicePixels,
  recipe: Recipe,
  modelName: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const header = new Uint8Array(13)
  const view = new DataView(header.buffer)
  view.setUint32(0, image.width)
  view.setUint32(4, image.height)
  // 8 bits a channel, RGB, and the only compression, filtering and order there is.
  header.set([8, 2, 0, 0, 0], 8)
  const data = await deflate(filterRows(image))
  const parts = [
    SIGNATURE,
    encodeChunk('IHDR', header),
    encodeChunk('IDAT', data),
    encodeChunk('IEND', new Uint8Array()),
  ]
  const plain = new Uint8Array(await new Blob(parts).arrayBuffer())
  return writeRecipe(plain, recipe, { modelName, version: PROGRAM })
}

/** Each row led by its filter's number. */
function filterRows({ width, height, rgb }: DevicePixels): Uint8Array<ArrayBuffer> {
  const stride = width * BYTES_PER_PIXEL
  if (rgb.length !== stride * height) {
    throw new RangeError(`${width}x${height} RGB has ${stride * height} bytes, got ${rgb.length}`)
  }
  const filtered = new Uint8Array((stride + 1) * height)
  const candidate = new Uint8Array(stride)
  let above = new Uint8Array(stride)
  for (let y = 0; y < height; y++) {
    const row = rgb.slice(y * stride, (y + 1) * stride)
    let smallest = Number.POSITIVE_INFINITY
    for (let filter = 0; filter < FILTERS; filter++) {
      const sum = filterRow(filter, row, above, candidate)
      if (sum >= smallest) continue
      smallest = sum
      filtered[y * (stride + 1)] = filter
      filtered.set(candidate, y * (stride + 1) + 1)
    }
    above = row
  }
  return filtered
}

/** Section 9.2 of the specification. @returns the sum of the results taken as signed bytes. */
function filterRow(filter: number, row: Uint8Array, above: Uint8Array, out: Uint8Array): number {
  let sum = 0
  for (let i = 0; i < row.length; i++) {
    const left = i < BYTES_PER_PIXEL ? 0 : (row[i - BYTES_PER_PIXEL] ?? 0)
    const upperLeft = i < BYTES_PER_PIXEL ? 0 : (above[i - BYTES_PER_PIXEL] ?? 0)
    const value = ((row[i] ?? 0) - predict(filter, left, above[i] ?? 0, upperLeft)) & 0xff
    out[i] = value
    sum += value < 128 ? value : 256 - value
  }
  return sum
}

function predict(filter: number, left: number, up: number, upperLeft: number): number {
  switch (filter) {
    case 0:
      return 0
    case 1:
      return left
    case 2:
      return up
    case 3:
      return (left + up) >> 1
    default:
      return paeth(left, up, upperLeft)
  }
}

function paeth(left: number, up: number, upperLeft: number): number {
  const estimate = left + up - upperLeft
  const toLeft = Math.abs(estimate - left)
  const toUp = Math.abs(estimate - up)
  const toUpperLeft = Math.abs(estimate - upperLeft)
  if (toLeft <= toUp && toLeft <= toUpperLeft) return left
  return toUp <= toUpperLeft ? up : upperLeft
}

async function deflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  // 'deflate' is DEFLATE in zlib's frame (RFC 1950), which is what PNG holds.
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream('deflate'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}
