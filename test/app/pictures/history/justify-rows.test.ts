import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { justifyRows } from '#app/pictures/history/justify-rows.ts'

const aspects = fc.array(fc.double({ min: 0.4, max: 2.5, noNaN: true }), { maxLength: 60 })

describe('justifyRows', () => {
  it('keeps every picture, in order', () => {
    fc.assert(
      fc.property(aspects, fc.integer({ min: 280, max: 2_000 }), (items, widthPx) => {
        const rows = justifyRows(items, (a) => a, { widthPx, targetHeightPx: 220, gapPx: 4 })
        expect(rows.flatMap((row) => row.items.map(({ item }) => item))).toEqual(items)
      }),
    )
  })

  it('fills the width exactly with every row but the last, and never overflows', () => {
    fc.assert(
      fc.property(aspects, fc.integer({ min: 280, max: 2_000 }), (items, widthPx) => {
        const rows = justifyRows(items, (a) => a, { widthPx, targetHeightPx: 220, gapPx: 4 })
        rows.forEach((row, at) => {
          const used = row.items.reduce((sum, { widthPx: w }) => sum + w, 0) + 4 * (row.items.length - 1)
          expect(used).toBeLessThanOrEqual(widthPx + 0.01)
          if (at < rows.length - 1) expect(used).toBeCloseTo(widthPx, 5)
        })
      }),
    )
  })

  it('keeps the shape of every picture', () => {
    const rows = justifyRows([1, 1.5, 0.5], (a) => a, { widthPx: 900, targetHeightPx: 200, gapPx: 4 })
    for (const row of rows) for (const { item, widthPx } of row.items) expect(widthPx / row.heightPx).toBeCloseTo(item)
  })

  it('does not blow up a lonely last picture', () => {
    const rows = justifyRows([1], (a) => a, { widthPx: 1_200, targetHeightPx: 200, gapPx: 4 })
    expect(rows).toEqual([{ heightPx: 200, items: [{ item: 1, widthPx: 200 }] }])
  })

  it('keeps a last row no taller than the one above', () => {
    const rows = justifyRows([1, 1, 1, 1], (a) => a, { widthPx: 358, targetHeightPx: 170, gapPx: 8 })
    expect(rows.map((row) => row.items.length)).toEqual([3, 1])
    expect(rows[1]?.heightPx).toBe(rows[0]?.heightPx)
  })

  it('has no rows before the width is known', () => {
    expect(justifyRows([1, 1], (a) => a, { widthPx: 0, targetHeightPx: 200, gapPx: 4 })).toEqual([])
  })
})
