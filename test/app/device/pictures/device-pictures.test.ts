// The list of device pictures where the browser has no room, or keeps nothing at all.
import { afterEach, describe, expect, it } from 'vitest'
import {
  changeImage,
  type DevicePicture,
  deviceImageId,
  newDevicePicture,
} from '#app/device/pictures/device-picture.ts'
import { DevicePictures } from '#app/device/pictures/device-pictures.ts'
import { memoryStore, type PictureStore } from '#app/device/pictures/picture-store.ts'
import { generation } from '#test/app/generation-fixture.ts'

const png = () => new Blob(['png'], { type: 'image/png' })
const picture = (madeAt = '2026-11-23T11:00:00.000Z'): DevicePicture =>
  newDevicePicture({
    id: crypto.randomUUID(),
    ownerId: null,
    madeAt,
    recipe: { ...generation().recipe, count: 1 },
    recipeHash: 'c'.repeat(64),
    keep: 'here',
    downloadAgreed: true,
  })
const done = (one: DevicePicture) => changeImage(one, 0, { status: 'done', sizeBytes: 3 })

/** A browser's store that takes pictures and has no room for their PNGs. */
function fullStore(): PictureStore {
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

describe('device pictures of this browser', () => {
  let pictures: DevicePictures
  afterEach(() => pictures.close())

  it('stand newest first, each finished picture with an address', async () => {
    pictures = new DevicePictures()
    const [early, late] = [picture(), picture('2026-11-23T12:00:00.000Z')]
    await pictures.add(early)
    await pictures.add(late)
    await pictures.update(early.id, done, { index: 0, png: png() })
    const list = pictures.list.getState()
    expect(list.pictures.map(({ id }) => id)).toEqual([late.id, early.id])
    expect([...list.urls.keys()]).toEqual([deviceImageId(early.id, 0)])
  })

  it('say that this window keeps nothing where there is no database', async () => {
    pictures = new DevicePictures()
    await pictures.load()
    expect(pictures.list.getState()).toMatchObject({ loaded: true, lasts: false })
  })

  it('keep a picture that finds no room in memory, say so, and change it there from then on', async () => {
    pictures = new DevicePictures(async () => fullStore())
    const one = picture()
    await pictures.add(one)
    await pictures.update(one.id, done, { index: 0, png: png() })
    const list = pictures.list.getState()
    expect([...list.unstored]).toEqual([one.id])
    expect(list.pictures[0]?.images[0]?.status).toBe('done')
    expect((await pictures.png(one.id, 0))?.size).toBe(3)
    await pictures.update(one.id, (each) => ({ ...each, keep: 'history' }))
    expect((await pictures.get(one.id))?.keep).toBe('history')
    await pictures.remove(one.id)
    expect(pictures.list.getState()).toMatchObject({ pictures: [] })
  })

  it('do not come back by a late change after they were removed, but by their own way back', async () => {
    pictures = new DevicePictures()
    const one = picture()
    await pictures.add(one)
    await pictures.update(one.id, done, { index: 0, png: png() })
    const putBack = await pictures.removeRestorably(done(one))
    expect(await pictures.update(one.id, done)).toBeUndefined()
    expect(pictures.list.getState().pictures).toEqual([])
    await putBack()
    expect((await pictures.png(one.id, 0))?.size).toBe(3)
  })
})
