// The list of runs where the browser has no room, or keeps nothing at all.
import { afterEach, describe, expect, it } from 'vitest'
import { changeImage, type LocalRun, localImageId, newRun } from '#app/device/runs/local-run.ts'
import { LocalRuns } from '#app/device/runs/local-runs.ts'
import { memoryStore, type RunStore } from '#app/device/runs/run-store.ts'
import { generation } from '#test/app/generation-fixture.ts'

const png = () => new Blob(['png'], { type: 'image/png' })
const run = (madeAt = '2026-11-23T11:00:00.000Z'): LocalRun =>
  newRun({
    id: crypto.randomUUID(),
    ownerId: null,
    madeAt,
    recipe: { ...generation().recipe, count: 1 },
    recipeHash: 'c'.repeat(64),
    keep: 'here',
    downloadAgreed: true,
  })
const done = (one: LocalRun) => changeImage(one, 0, { status: 'done', sizeBytes: 3 })

/** A browser's store that takes runs and has no room for pictures. */
function fullStore(): RunStore {
  const store = memoryStore()
  return {
    ...store,
    lasts: true,
    update: async (id, change, picture) => {
      if (picture !== undefined) throw new DOMException('The disk is full', 'QuotaExceededError')
      return store.update(id, change)
    },
  }
}

describe('runs of this browser', () => {
  let runs: LocalRuns
  afterEach(() => runs.close())

  it('stand newest first, each finished picture with an address', async () => {
    runs = new LocalRuns()
    const [early, late] = [run(), run('2026-11-23T12:00:00.000Z')]
    await runs.add(early)
    await runs.add(late)
    await runs.update(early.id, done, { index: 0, png: png() })
    const list = runs.getSnapshot()
    expect(list.runs.map(({ id }) => id)).toEqual([late.id, early.id])
    expect([...list.urls.keys()]).toEqual([localImageId(early.id, 0)])
  })

  it('say that this window keeps nothing where there is no database', async () => {
    runs = new LocalRuns()
    await runs.load()
    expect(runs.getSnapshot()).toMatchObject({ loaded: true, lasts: false })
  })

  it('keep a picture that finds no room in memory, say so, and change it there from then on', async () => {
    runs = new LocalRuns(async () => fullStore())
    const one = run()
    await runs.add(one)
    await runs.update(one.id, done, { index: 0, png: png() })
    const list = runs.getSnapshot()
    expect([...list.homeless]).toEqual([one.id])
    expect(list.runs[0]?.images[0]?.status).toBe('done')
    expect((await runs.picture(one.id, 0))?.size).toBe(3)
    await runs.update(one.id, (each) => ({ ...each, keep: 'history' }))
    expect((await runs.get(one.id))?.keep).toBe('history')
    await runs.remove(one.id)
    expect(runs.getSnapshot()).toMatchObject({ runs: [] })
  })

  it('do not come back by a late change after they were removed, but by their own way back', async () => {
    runs = new LocalRuns()
    const one = run()
    await runs.add(one)
    await runs.update(one.id, done, { index: 0, png: png() })
    const putBack = await runs.removeWithWayBack(done(one))
    expect(await runs.update(one.id, done)).toBeUndefined()
    expect(runs.getSnapshot().runs).toEqual([])
    await putBack()
    expect((await runs.picture(one.id, 0))?.size).toBe(3)
  })
})
