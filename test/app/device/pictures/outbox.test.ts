// The outbox over a list of device pictures in memory; the server is three functions that remember what they were asked.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DevicePicture, newDevicePicture } from '#app/device/pictures/device-picture.ts'
import { DevicePictures } from '#app/device/pictures/device-pictures.ts'
import { flushOutbox, type OutboxDeps } from '#app/device/pictures/outbox.ts'
import { generation } from '#test/app/generation-fixture.ts'

const ANA = 'ana'

function finished(id: string, madeAt: string, changes: Partial<DevicePicture> = {}): DevicePicture {
  const { recipe } = generation()
  const picture = newDevicePicture({
    id,
    ownerId: ANA,
    madeAt,
    recipe: { ...recipe, count: 1 },
    recipeHash: 'c'.repeat(64),
    keep: 'history',
    downloadAgreed: true,
  })
  const images = picture.images.map((image) => ({
    ...image,
    status: 'done' as const,
    sizeBytes: 3,
    sha256: 'd'.repeat(64),
  }))
  return { ...picture, images, ...changes }
}

describe('the outbox', () => {
  let pictures: DevicePictures
  let asked: string[]
  let deps: OutboxDeps
  beforeEach(async () => {
    pictures = new DevicePictures()
    await pictures.load()
    asked = []
    deps = {
      pictures,
      begin: async ({ idempotencyKey }) => {
        asked.push(`begin ${idempotencyKey}`)
        return {
          state: 'waiting',
          uploads: [{ index: 0, url: idempotencyKey, headers: {}, expiresAt: '2026-11-23T18:00:00.000Z' }],
        }
      },
      put: async (url, _headers, png) => void asked.push(`put ${url} ${png.size}`),
      finish: async ({ idempotencyKey }) => {
        asked.push(`finish ${idempotencyKey}`)
        return generation()
      },
      refusalOf: (error) => (error instanceof Error && error.message.startsWith('never') ? error.message : null),
      onSaved: () => undefined,
    }
  })
  afterEach(() => pictures.close())

  const add = async (picture: DevicePicture) => {
    await pictures.add(picture)
    await pictures.update(picture.id, (one) => one, { index: 0, png: new Blob(['png']) })
  }
  const left = () => pictures.list.getState().pictures.map(({ id }) => id)

  it('saves the oldest first, and lets go of what is saved', async () => {
    await add(finished('late', '2026-11-23T12:00:00.000Z'))
    await add(finished('early', '2026-11-23T11:00:00.000Z'))
    await flushOutbox(deps, ANA)
    expect(asked).toEqual(['begin early', 'put early 3', 'finish early', 'begin late', 'put late 3', 'finish late'])
    expect(left()).toEqual([])
    expect([...pictures.list.getState().savedAs.keys()]).toEqual(['early', 'late'])
  })

  it('leaves alone what is another’s, what stays here, what is still being made, and what was refused', async () => {
    await add(finished('bob', '2026-11-23T11:00:00.000Z', { ownerId: 'bob' }))
    await add(finished('here', '2026-11-23T11:00:01.000Z', { keep: 'here' }))
    await add(finished('refused', '2026-11-23T11:00:02.000Z', { refusal: 'no' }))
    const [image] = finished('x', '').images
    if (image === undefined) throw new Error('A picture has an image')
    await add(finished('open', '2026-11-23T11:00:03.000Z', { images: [{ ...image, status: 'running' }] }))
    await flushOutbox(deps, ANA)
    expect(asked).toEqual([])
    expect(left()).toHaveLength(4)
  })

  it('stops at a failure that may pass, and goes on from there the next time', async () => {
    await add(finished('first', '2026-11-23T11:00:00.000Z'))
    await add(finished('second', '2026-11-23T12:00:00.000Z'))
    const offline = { ...deps, put: async () => Promise.reject(new TypeError('Failed to fetch')) }
    await expect(flushOutbox(offline, ANA)).rejects.toThrow('Failed to fetch')
    expect(left()).toEqual(['second', 'first'])
    await flushOutbox(deps, ANA)
    expect(left()).toEqual([])
  })

  it('keeps what is refused for good, with the reason, and goes on with the next', async () => {
    await add(finished('bad', '2026-11-23T11:00:00.000Z'))
    await add(finished('good', '2026-11-23T12:00:00.000Z'))
    const picky: OutboxDeps = {
      ...deps,
      finish: async (input) => {
        if (input.idempotencyKey === 'bad') throw new Error('never this one')
        return deps.finish(input)
      },
    }
    await flushOutbox(picky, ANA)
    expect(left()).toEqual(['bad'])
    expect(pictures.list.getState().pictures[0]?.refusal).toBe('never this one')
    asked.length = 0
    await flushOutbox(picky, ANA)
    expect(asked).toEqual([])
  })

  it('sends nothing again that the server already has', async () => {
    await add(finished('sent', '2026-11-23T11:00:00.000Z'))
    await flushOutbox({ ...deps, begin: async () => ({ state: 'saved', generation: generation() }) }, ANA)
    expect(asked).toEqual([])
    expect(left()).toEqual([])
  })

  it('saves each once when two tabs try at the same time', async () => {
    await add(finished('one', '2026-11-23T11:00:00.000Z'))
    await Promise.all([flushOutbox(deps, ANA), flushOutbox(deps, ANA)])
    expect(asked.filter((one) => one.startsWith('finish'))).toHaveLength(1)
  })
})
