// Holds what a pipeline made to what diffusers made.
import { expect } from 'vitest'
import { paste } from '#diffusion/images/region.ts'
import type { RgbImage } from '#diffusion/images/rgb-image.ts'
import { relativeError, unpack } from '#test/golden/read-golden.ts'
import { bytes, type GoldenCase, type GoldenFile } from './golden-run.ts'

/** A value on the edge of rounding may fall either way. */
const PIXEL_TOLERANCE = 1

export function expectGolden(
  golden: GoldenFile,
  { kind, latents, rgb }: GoldenCase,
  made: { readonly latents: Float32Array; readonly picture: RgbImage },
  latentsTolerance: number,
): void {
  expect(relativeError(made.latents, unpack(latents))).toBeLessThan(latentsTolerance)
  const size = { width: made.picture.width, height: made.picture.height }
  const expected = { ...size, rgb: bytes(rgb) }
  // diffusers gives back what the decoder made of the untouched part; we give back the original there.
  const alpha = Float32Array.from(bytes(golden.mask), (value) => value / 255)
  const input = { ...size, rgb: bytes(golden.input) }
  const inPlace = kind === 'inpaint' ? paste(input, expected, { x: 0, y: 0, ...size }, alpha) : expected
  const differences = made.picture.rgb.map((value, i) => Math.abs(value - (inPlace.rgb[i] ?? 0)))
  expect(Math.max(...differences)).toBeLessThanOrEqual(PIXEL_TOLERANCE)
}
