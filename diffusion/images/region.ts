// Full-resolution inpainting: the mask's surroundings are cut out, worked on at the recipe's size, and put back.

import { resizeLanczos } from './lanczos.ts'
import type { Mask } from './mask.ts'
import type { RgbImage } from './rgb-image.ts'

interface Sides {
  readonly width: number
  readonly height: number
}
export interface Region extends Sides {
  readonly x: number
  readonly y: number
}

/**
 * The smallest region of the wanted aspect around everything the mask touches and `paddingPx` more, as far as the picture reaches.
 * @throws RangeError when the mask is black all over.
 */
export function regionAround({ width, height, data }: Mask, paddingPx: number, aspect: Sides): Region {
  const touched = { left: width, right: 0, top: height, bottom: 0 }
  data.forEach((value, i) => {
    if (value === 0) return
    const x = i % width
    const y = Math.floor(i / width)
    touched.left = Math.min(touched.left, x)
    touched.right = Math.max(touched.right, x + 1)
    touched.top = Math.min(touched.top, y)
    touched.bottom = Math.max(touched.bottom, y + 1)
  })
  const { left, right, top, bottom } = touched
  if (right === 0) throw new RangeError('The mask has to mark something to repaint; it is black all over')
  const ratio = aspect.width / aspect.height
  const neededHeight = bottom - top + 2 * paddingPx
  const wantedWidth = Math.max(right - left + 2 * paddingPx, Math.round(neededHeight * ratio))
  const wantedHeight = Math.max(neededHeight, Math.round(wantedWidth / ratio))
  const across = centered((left + right) / 2, wantedWidth, width)
  const down = centered((top + bottom) / 2, wantedHeight, height)
  return { x: across.start, y: down.start, width: across.length, height: down.length }
}

/** Around the centre where it fits, moved or cut to what there is where it does not. */
function centered(center: number, wanted: number, limit: number) {
  const length = Math.min(limit, wanted)
  return { start: Math.round(Math.min(limit - length, Math.max(0, center - length / 2))), length }
}

export function cropImage(image: RgbImage, region: Region, to: Sides): RgbImage {
  return { ...to, rgb: cropAndResize(image.rgb, 3, image, region, to) }
}

export function cropMask(mask: Mask, region: Region, to: Sides): Mask {
  return { ...to, data: cropAndResize(mask.data, 1, mask, region, to) }
}

function cropAndResize(bytes: Uint8Array, channels: number, from: Sides, region: Region, to: Sides): Uint8Array {
  const cropped = new Uint8Array(region.width * region.height * channels)
  for (let row = 0; row < region.height; row++) {
    const start = ((region.y + row) * from.width + region.x) * channels
    cropped.set(bytes.subarray(start, start + region.width * channels), row * region.width * channels)
  }
  return resizeBytes(cropped, channels, region, to)
}

/** Lanczos on bytes, rounded and clamped; the same size is a copy. */
export function resizeBytes(bytes: Uint8Array, channels: number, from: Sides, to: Sides): Uint8Array {
  if (from.width === to.width && from.height === to.height) return bytes.slice()
  return Uint8Array.from(resizeLanczos(bytes, channels, from, to), (value) =>
    Math.min(255, Math.max(0, Math.round(value))),
  )
}

/** The picture with `patch` laid over the region, as much of each pixel new as `alpha` says (0..1, one per picture pixel). */
export function paste(picture: RgbImage, patch: RgbImage, region: Region, alpha: Float32Array): RgbImage {
  const fitted = resizeBytes(patch.rgb, 3, patch, region)
  const rgb = picture.rgb.slice()
  for (let row = 0; row < region.height; row++) {
    for (let column = 0; column < region.width; column++) {
      const at = (region.y + row) * picture.width + region.x + column
      const share = alpha[at] ?? 0
      for (let channel = 0; channel < 3; channel++) {
        const before = picture.rgb[at * 3 + channel] ?? 0
        const after = fitted[(row * region.width + column) * 3 + channel] ?? 0
        rgb[at * 3 + channel] = Math.round(before + (after - before) * share)
      }
    }
  }
  return { width: picture.width, height: picture.height, rgb }
}
