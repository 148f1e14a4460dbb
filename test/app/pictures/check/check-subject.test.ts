// What can be made again, and where.
import { describe, expect, it } from 'vitest'
import { placesOf, subjectOf } from '#app/pictures/check/check-subject.ts'
import { generation, image } from '#test/app/generation-fixture.ts'

const done = image(1, { status: 'done', url: '/api/images/1' })

describe('a subject', () => {
  it('is one finished image with its own seed', () => {
    const made = generation(image(0), done)
    expect(subjectOf(made, done, true)).toMatchObject({
      imageId: done.id,
      url: done.url,
      recipe: { seed: 8, count: 1 },
    })
    expect(subjectOf(made, image(0), true)).toBeNull()
  })

  it('can be made again on the server when the server has it, on a device when nothing else is needed', () => {
    const made = generation(image(0), done)
    const there = subjectOf(made, done, true)
    const here = subjectOf(made, done, false)
    if (there === null || here === null) throw new Error('Both are finished')
    expect(placesOf(there)).toEqual({ server: 'possible', device: 'possible' })
    expect(placesOf(here)).toEqual({ server: 'not-in-history', device: 'possible' })
    const fromPicture = { ...there, recipe: { ...there.recipe, input: { hash: 'a'.repeat(64), strength: 0.5 } } }
    expect(placesOf(fromPicture).device).toBe('starts-from-picture')
  })
})
