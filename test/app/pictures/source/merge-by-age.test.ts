import { describe, expect, it } from 'vitest'
import { newDevicePicture } from '#app/device/pictures/device-picture.ts'
import { mergeByAge, notSaved } from '#app/pictures/source/merge-by-age.ts'
import { generation } from '#test/app/generation-fixture.ts'

const saved = (createdAt: string, digit: string) => ({ ...generation(), createdAt, recipeHash: digit.repeat(64) })
const picture = (madeAt: string, digit: string) =>
  newDevicePicture({
    id: madeAt,
    ownerId: null,
    madeAt,
    recipe: { ...generation().recipe, count: 1 },
    recipeHash: digit.repeat(64),
    keep: 'here',
    downloadAgreed: true,
  })
const EARLY = '2026-11-23T11:00:00.000Z'
const LATE = '2026-11-23T12:00:00.000Z'

describe('the list of both', () => {
  it('stands newest first', () => {
    expect(mergeByAge([picture(LATE, 'a')], [saved(EARLY, 'b')]).map(({ kind }) => kind)).toEqual(['device', 'server'])
    expect(mergeByAge([picture(EARLY, 'a')], [saved(LATE, 'b')]).map(({ kind }) => kind)).toEqual(['server', 'device'])
  })

  it('shows a device picture that was just saved once, and another of the same recipe beside it', () => {
    const entries = mergeByAge([picture(LATE, 'a'), picture(EARLY, 'a')], [saved(LATE, 'a')])
    expect(entries.map(({ kind }) => kind)).toEqual(['server', 'device'])
    expect(notSaved([saved(LATE, 'a'), saved(EARLY, 'a')], [saved(LATE, 'a')])).toEqual([saved(EARLY, 'a')])
  })
})
