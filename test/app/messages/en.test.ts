import { describe, expect, it } from 'vitest'
import { en } from '#app/messages/en.ts'

describe('the catalogue', () => {
  it('counts like a person', () => {
    expect(en.image.deleted(1)).toBe('Picture deleted')
    expect(en.image.deleted(3)).toBe('3 pictures deleted')
    expect(en.image.ahead(0)).toBe('Next in line')
    expect(en.image.ahead(2)).toBe('2 pictures ahead')
  })

  it('does not shout', () => {
    const sentences = (value: unknown): string[] =>
      typeof value === 'string'
        ? [value]
        : value !== null && typeof value === 'object'
          ? Object.values(value).flatMap(sentences)
          : []
    expect(sentences(en).filter((text) => /!|oops/i.test(text))).toEqual([])
  })
})
