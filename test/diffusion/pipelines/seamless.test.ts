import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createTiling, roll } from '#diffusion/pipelines/seamless.ts'

describe('rolling latents', () => {
  test('moves what leaves on the right in on the left', () => {
    const values = Float32Array.of(1, 2, 3, 4, 5, 6)
    expect([...roll(values, { width: 3, height: 2 }, { x: 1, y: 0 })]).toEqual([3, 1, 2, 6, 4, 5])
    expect([...roll(values, { width: 3, height: 2 }, { x: 0, y: 1 })]).toEqual([4, 5, 6, 1, 2, 3])
  })

  test('is undone after every call, on the axes asked for and no other', () => {
    const size = { channels: 2, height: 5, width: 7 }
    const values = Float32Array.from({ length: 70 }, (_, i) => i)
    fc.assert(
      fc.property(fc.nat(300), fc.constantFrom('x' as const, 'y' as const, 'xy' as const, undefined), (index, axes) => {
        const tiling = createTiling(axes, size)
        const shift = tiling.shiftAt(index)
        if (!axes?.includes('x')) expect(shift.x).toBe(0)
        if (!axes?.includes('y')) expect(shift.y).toBe(0)
        expect(tiling.unroll(roll(values, size, shift), size, shift)).toEqual(values)
      }),
    )
  })

  test('visits every column over a run, so that no column stays at a border', () => {
    const tiling = createTiling('x', { channels: 4, height: 16, width: 16 })
    expect(new Set(Array.from({ length: 25 }, (_, index) => tiling.shiftAt(index).x)).size).toBe(16)
  })
})
