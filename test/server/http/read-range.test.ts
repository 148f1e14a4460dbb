import { describe, expect, it } from 'vitest'
import { readRange } from '#server/http/read-range.ts'

describe('readRange', () => {
  it.each([
    ['bytes=0-', { start: 0, end: 99 }],
    ['bytes=40-', { start: 40, end: 99 }],
    ['bytes=40-49', { start: 40, end: 49 }],
    ['bytes=40-400', { start: 40, end: 99 }],
    ['bytes=-10', { start: 90, end: 99 }],
    ['bytes=-400', { start: 0, end: 99 }],
    ['bytes=100-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    // What the standard lets a server take for no range at all.
    ['bytes=5-4', undefined],
    ['bytes=0-1,5-6', undefined],
    ['bytes=-', undefined],
    ['items=0-1', undefined],
    [null, undefined],
  ])('%s of 100 bytes', (header, range) => {
    expect(readRange(header, 100)).toEqual(range)
  })
})
