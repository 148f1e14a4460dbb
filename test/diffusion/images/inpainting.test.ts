import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { latentMask, softenMask } from '#diffusion/images/mask.ts'
import { cropImage, paste, regionAround } from '#diffusion/images/region.ts'

const square = (width: number, height: number, isWhite: (x: number, y: number) => boolean) => ({
  width,
  height,
  data: Uint8Array.from({ length: width * height }, (_, i) => (isWhite(i % width, Math.floor(i / width)) ? 255 : 0)),
})

describe('a mask', () => {
  test('without blur is 0 or 1 as drawn', () => {
    const mask = square(8, 4, (x) => x >= 4)
    expect(softenMask(mask, 0).data).toEqual(Float32Array.from(mask.data, (value) => value / 255))
  })

  test('blurred keeps its amount of white and its half-way line where the edge was', () => {
    const { data } = softenMask(
      square(64, 8, (x) => x >= 32),
      4,
    )
    const row = [...data.subarray(0, 64)]
    expect(row.every((value, x) => x === 0 || value >= (row[x - 1] ?? 0) - 1e-6)).toBe(true)
    expect(((row[31] ?? 0) + (row[32] ?? 0)) / 2).toBeCloseTo(0.5, 5)
    expect(row.reduce((sum, value) => sum + value, 0)).toBeCloseTo(32, 3)
    // A Gaussian's distribution function one deviation past the edge.
    expect(row[35]).toBeCloseTo(0.81, 2)
  })

  test('on the latent grid is decided by the pixel at each block’s corner', () => {
    const mask = softenMask(
      square(16, 16, (x, y) => x >= 8 && y >= 8),
      0,
    )
    expect([...latentMask(mask, { width: 2, height: 2 }, 8)]).toEqual([0, 0, 0, 1])
  })
})

describe('the region around a mask', () => {
  test('contains everything the mask touches, lies inside the picture and has the wanted aspect where there is room', () => {
    const sides = fc.integer({ min: 16, max: 80 })
    fc.assert(
      fc.property(sides, sides, fc.nat(), fc.nat(), fc.nat(20), (width, height, px, py, padding) => {
        const x = px % width
        const y = py % height
        const mask = square(width, height, (column, row) => column === x && row === y)
        const region = regionAround(mask, padding, { width: 64, height: 64 })
        expect(region.x >= 0 && region.y >= 0).toBe(true)
        expect(region.x + region.width <= width && region.y + region.height <= height).toBe(true)
        expect(x >= region.x && x < region.x + region.width).toBe(true)
        expect(y >= region.y && y < region.y + region.height).toBe(true)
        if (region.width < width && region.height < height) expect(region.width).toBe(region.height)
      }),
    )
  })

  test('of an all-black mask is an error that says so', () => {
    const black = square(8, 8, () => false)
    expect(() => regionAround(black, 0, { width: 8, height: 8 })).toThrow('black all over')
  })

  test('cut out and put back unchanged leaves the picture as it was', () => {
    const picture = { width: 20, height: 16, rgb: Uint8Array.from({ length: 960 }, (_, i) => i % 256) }
    const region = { x: 3, y: 2, width: 9, height: 7 }
    const patch = cropImage(picture, region, region)
    const alpha = new Float32Array(320).fill(1)
    expect(paste(picture, patch, region, alpha)).toEqual(picture)
  })

  test('put back where the mask is black changes nothing', () => {
    const picture = { width: 4, height: 4, rgb: new Uint8Array(48).fill(9) }
    const patch = { width: 4, height: 4, rgb: new Uint8Array(48).fill(200) }
    const whole = { x: 0, y: 0, width: 4, height: 4 }
    expect(paste(picture, patch, whole, new Float32Array(16))).toEqual(picture)
    expect(paste(picture, patch, whole, new Float32Array(16).fill(1))).toEqual(patch)
  })
})
