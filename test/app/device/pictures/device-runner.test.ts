// What the runner does about a device that fails, over an engine that does as it is told; the real one runs in test/e2e.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { DeviceEngine, MadePicture } from '#app/device/engine/device-engine.ts'
import { DeviceError, type DeviceErrorCode } from '#app/device/engine/device-error.ts'
import { type DevicePicture, newDevicePicture } from '#app/device/pictures/device-picture.ts'
import { DevicePictures } from '#app/device/pictures/device-pictures.ts'
import { DeviceRunner } from '#app/device/pictures/device-runner.ts'
import type { ModelManifest } from '#contracts/model-manifest.ts'
import { generation } from '#test/app/generation-fixture.ts'

const PICTURE: MadePicture = {
  width: 1,
  height: 1,
  rgb: new Uint8Array(3),
  png: new Uint8Array([1, 2, 3]),
  provider: 'wasm',
  variant: '',
  timing: { wholeMs: 2, graphsMs: 1 },
}
const FITS = {
  kind: 'fits',
  provider: 'wasm',
  variant: '',
  threads: 1,
  downloadBytes: 0,
  totalBytes: 10,
  keepsWeights: true,
} as const

function runOf(count: number, downloadAgreed = true): DevicePicture {
  const { recipe } = generation()
  const id = crypto.randomUUID()
  return newDevicePicture({
    id,
    ownerId: null,
    madeAt: '2026-11-23T11:00:00.000Z',
    recipe: { ...recipe, count },
    recipeHash: 'c'.repeat(64),
    keep: 'here',
    downloadAgreed,
  })
}

describe('the runner', () => {
  let pictures: DevicePictures
  let engine: Pick<DeviceEngine, 'assess' | 'fetchWeights' | 'generate'>
  let seeds: number[]
  let runner: DeviceRunner
  beforeEach(() => {
    pictures = new DevicePictures()
    seeds = []
    engine = {
      assess: async () => FITS,
      fetchWeights: async () => undefined,
      generate: async ({ recipe }) => {
        seeds.push(recipe.seed)
        return PICTURE
      },
    }
    runner = new DeviceRunner({
      pictures,
      engine: async () => engine as DeviceEngine,
      fetchManifest: async () => ({}) as ModelManifest,
      onStep: () => undefined,
      onWeights: () => undefined,
      onPicture: () => undefined,
      onEnded: () => undefined,
      now: () => 0,
    })
  })
  afterEach(() => pictures.close())

  const images = async (picture: DevicePicture) => (await pictures.get(picture.id))?.images ?? []
  const failWith = (...codes: DeviceErrorCode[]) => {
    const make = engine.generate
    engine.generate = async (request) => {
      const code = codes.shift()
      if (code !== undefined) throw new DeviceError(code, 'as told')
      return make(request)
    }
  }
  /** Until the person is asked something. */
  const activity = (picture: DevicePicture, kind: string) =>
    expect.poll(() => runner.activities.getState().get(picture.id)?.kind).toBe(kind)

  it('makes each picture with its own seed, one after the other', async () => {
    const picture = runOf(3)
    await runner.start(picture)
    expect(seeds).toEqual([7, 8, 9])
    expect((await images(picture)).map(({ status }) => status)).toEqual(['done', 'done', 'done'])
    expect(await (await pictures.png(picture.id, 2))?.arrayBuffer()).toEqual(PICTURE.png.buffer)
    expect(runner.activities.getState().size).toBe(0)
  })

  it.each(['device-lost', 'engine-stopped'] as const)('gives the device a second chance after %s', async (code) => {
    failWith(code)
    const picture = runOf(1)
    await runner.start(picture)
    expect((await images(picture))[0]).toMatchObject({ status: 'done', errorCode: null })
  })

  it('says why it failed the second time, and keeps what was made before', async () => {
    const picture = runOf(3)
    const make = engine.generate
    engine.generate = async (request) => {
      if (request.recipe.seed === 8) throw new DeviceError('out-of-memory', 'as told')
      return make(request)
    }
    await runner.start(picture)
    expect((await images(picture)).map(({ status, errorCode }) => [status, errorCode])).toEqual([
      ['done', null],
      ['failed', 'out-of-memory'],
      ['failed', 'out-of-memory'],
    ])
  })

  it('takes a picture up where a closed tab left it', async () => {
    const picture = runOf(2)
    const [first] = picture.images
    if (first === undefined) throw new Error('A picture has images')
    await pictures.add({ ...picture, images: picture.images.with(0, { ...first, status: 'done' }) })
    await runner.take(picture.id)
    expect(seeds).toEqual([8])
    await runner.take(picture.id)
    expect(seeds).toEqual([8])
  })

  it('asks before it downloads, downloads nothing on a no, and goes away', async () => {
    engine.assess = async () => ({ ...FITS, downloadBytes: 10 })
    let fetched = 0
    engine.fetchWeights = async () => {
      fetched += 1
    }
    const picture = runOf(1, false)
    const ended = runner.start(picture)
    await activity(picture, 'asking')
    await runner.stop(picture.id)
    await ended
    expect([fetched, seeds]).toEqual([0, []])
    expect((await images(picture))[0]?.status).toBe('canceled')
  })

  it('pauses a download and goes on with it, also after it was cut', async () => {
    engine.assess = async () => ({ ...FITS, downloadBytes: 10 })
    let tries = 0
    engine.fetchWeights = async (_model, { signal } = {}) => {
      tries += 1
      if (tries === 1) {
        await new Promise((resolve) => signal?.addEventListener('abort', resolve))
        throw new DeviceError('canceled')
      }
      if (tries === 2) throw new DeviceError('download-cut')
    }
    const picture = runOf(1)
    const ended = runner.start(picture)
    await activity(picture, 'downloading')
    runner.pause(picture.id)
    await activity(picture, 'paused')
    expect(runner.activities.getState().get(picture.id)).toMatchObject({ problem: null })
    await runner.resume(picture.id)
    await expect
      .poll(() => runner.activities.getState().get(picture.id))
      .toMatchObject({ kind: 'paused', problem: expect.stringMatching(/interrupted/) })
    await runner.resume(picture.id)
    await ended
    expect((await images(picture))[0]?.status).toBe('done')
  })

  it('stops within the picture under way, also when another tab says so', async () => {
    engine.generate = ({ signal }) =>
      new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new DeviceError('canceled'))))
    const picture = runOf(2)
    const ended = runner.start(picture)
    await activity(picture, 'loading')
    await expect.poll(async () => (await images(picture))[0]?.status).toBe('running')
    // As the list says it once the other tab has written there.
    await pictures.update(picture.id, (one) => ({
      ...one,
      images: one.images.map((image) => ({ ...image, status: 'canceled' })),
    }))
    await ended
    expect((await images(picture)).map(({ status }) => status)).toEqual(['canceled', 'canceled'])
  })

  it('says a model does not fit in the engine’s own words', async () => {
    engine.assess = async () => ({ kind: 'unfit', reason: 'Too large for this graphics card.' })
    const picture = runOf(1)
    await runner.start(picture)
    expect((await images(picture))[0]).toMatchObject({
      status: 'failed',
      errorCode: 'unfit',
      errorDetail: 'Too large for this graphics card.',
    })
  })
})
