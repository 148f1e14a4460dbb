import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readCursor, writeCursor } from '#server/generations/cursor.ts'

const KEY = Buffer.alloc(32, 1)
const POSITION = { createdAt: new Date('2026-11-23T18:00:00.123Z'), id: '0193a5b0-0000-7000-8000-000000000001' }

describe('a page cursor', () => {
  it('says where it stands', () => {
    expect(readCursor(KEY, writeCursor(KEY, POSITION))).toEqual(POSITION)
  })

  it('is refused after any one character was changed', () => {
    const cursor = writeCursor(KEY, POSITION)
    for (let at = 0; at < cursor.length; at += 1) {
      const other = cursor[at] === 'A' ? 'Q' : 'A'
      const tampered = cursor.slice(0, at) + other + cursor.slice(at + 1)
      expect(() => readCursor(KEY, tampered), tampered).toThrow(/not one this server gave/)
    }
  })

  it('is refused when another key signed it', () => {
    expect(() => readCursor(Buffer.alloc(32, 2), writeCursor(KEY, POSITION))).toThrow(/not one this server gave/)
  })

  it('is refused, and never crashes, for any text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' })), (text) => {
        expect(() => readCursor(KEY, text)).toThrow(/not one this server gave/)
      }),
    )
  })
})
