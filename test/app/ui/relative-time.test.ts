import { describe, expect, it } from 'vitest'
import { relativeTime } from '#app/ui/relative-time.ts'

describe('relativeTime', () => {
  const now = new Date('2026-11-23T18:00:00Z')
  it.each([
    ['2026-11-23T17:59:40Z', 'now'],
    ['2026-11-23T17:55:00Z', '5 minutes ago'],
    ['2026-11-23T15:10:00Z', '2 hours ago'],
    ['2026-11-22T17:00:00Z', 'yesterday'],
    ['2026-10-02T12:00:00Z', 'Oct 2, 2026'],
  ])('says when %s was: %s', (iso, words) => {
    expect(relativeTime(new Date(iso), now, 'en')).toBe(words)
  })
})
