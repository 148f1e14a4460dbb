// What the runner does about a device that fails, over an engine that does as it is told; the real one runs in test/e2e.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { DeviceEngine, DevicePicture } from '#app/device/engine/device-engine.ts'
import { DeviceError, type DeviceErrorCode } from '#app/device/engine/device-error.ts'
import { DeviceRunner } from '#app/device/runs/device-runner.ts'
import { type LocalRun, newRun } from '#app/device/runs/local-run.ts'
import { LocalRuns } from '#app/device/runs/local-runs.ts'
import type { ModelManifest } from '#contracts/model-manifest.ts'
import { generation } from '#test/app/generation-fixture.ts'

const PICTURE: DevicePicture = {
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

function runOf(count: number, downloadAgreed = true): LocalRun {
  const { recipe } = generation()
  const id = crypto.randomUUID()
  return newRun({
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
  let runs: LocalRuns
  let engine: Pick<DeviceEngine, 'assess' | 'fetchWeights' | 'generate'>
  let seeds: number[]
  let runner: DeviceRunner
  beforeEach(() => {
    runs = new LocalRuns()
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
      runs,
      engine: async () => engine as DeviceEngine,
      fetchManifest: async () => ({}) as ModelManifest,
      onStep: () => undefined,
      onWeights: () => undefined,
      onPicture: () => undefined,
      onEnded: () => undefined,
      now: () => 0,
    })
  })
  afterEach(() => runs.close())

  const images = async (run: LocalRun) => (await runs.get(run.id))?.images ?? []
  const failWith = (...codes: DeviceErrorCode[]) => {
    const make = engine.generate
    engine.generate = async (request) => {
      const code = codes.shift()
      if (code !== undefined) throw new DeviceError(code, 'as told')
      return make(request)
    }
  }
  /** Until the person is asked something. */
  const activity = (run: LocalRun, kind: string) => expect.poll(() => runner.getSnapshot().get(run.id)?.kind).toBe(kind)

  it('makes each picture with its own seed, one after the other', async () => {
    const run = runOf(3)
    await runner.start(run)
    expect(seeds).toEqual([7, 8, 9])
    expect((await images(run)).map(({ status }) => status)).toEqual(['done', 'done', 'done'])
    expect(await (await runs.picture(run.id, 2))?.arrayBuffer()).toEqual(PICTURE.png.buffer)
    expect(runner.getSnapshot().size).toBe(0)
  })

  it.each(['device-lost', 'engine-stopped'] as const)('gives the device a second chance after %s', async (code) => {
    failWith(code)
    const run = runOf(1)
    await runner.start(run)
    expect((await images(run))[0]).toMatchObject({ status: 'done', errorCode: null })
  })

  it('says why it failed the second time, and keeps what was made before', async () => {
    const run = runOf(3)
    const make = engine.generate
    engine.generate = async (request) => {
      if (request.recipe.seed === 8) throw new DeviceError('out-of-memory', 'as told')
      return make(request)
    }
    await runner.start(run)
    expect((await images(run)).map(({ status, errorCode }) => [status, errorCode])).toEqual([
      ['done', null],
      ['failed', 'out-of-memory'],
      ['failed', 'out-of-memory'],
    ])
  })

  it('takes a run up where a closed tab left it', async () => {
    const run = runOf(2)
    const [first] = run.images
    if (first === undefined) throw new Error('A run has images')
    await runs.add({ ...run, images: run.images.with(0, { ...first, status: 'done' }) })
    await runner.take(run.id)
    expect(seeds).toEqual([8])
    await runner.take(run.id)
    expect(seeds).toEqual([8])
  })

  it('asks before it downloads, downloads nothing on a no, and goes away', async () => {
    engine.assess = async () => ({ ...FITS, downloadBytes: 10 })
    let fetched = 0
    engine.fetchWeights = async () => {
      fetched += 1
    }
    const run = runOf(1, false)
    const ended = runner.start(run)
    await activity(run, 'asking')
    await runner.stop(run.id)
    await ended
    expect([fetched, seeds]).toEqual([0, []])
    expect((await images(run))[0]?.status).toBe('canceled')
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
    const run = runOf(1)
    const ended = runner.start(run)
    await activity(run, 'downloading')
    runner.pause(run.id)
    await activity(run, 'paused')
    expect(runner.getSnapshot().get(run.id)).toMatchObject({ problem: null })
    await runner.resume(run.id)
    await expect
      .poll(() => runner.getSnapshot().get(run.id))
      .toMatchObject({ kind: 'paused', problem: expect.stringMatching(/interrupted/) })
    await runner.resume(run.id)
    await ended
    expect((await images(run))[0]?.status).toBe('done')
  })

  it('stops within the picture under way, also when another tab says so', async () => {
    engine.generate = ({ signal }) =>
      new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new DeviceError('canceled'))))
    const run = runOf(2)
    const ended = runner.start(run)
    await activity(run, 'loading')
    await expect.poll(async () => (await images(run))[0]?.status).toBe('running')
    // As the list says it once the other tab has written there.
    await runs.update(run.id, (one) => ({
      ...one,
      images: one.images.map((image) => ({ ...image, status: 'canceled' })),
    }))
    await ended
    expect((await images(run)).map(({ status }) => status)).toEqual(['canceled', 'canceled'])
  })

  it('says a model does not fit in the engine’s own words', async () => {
    engine.assess = async () => ({ kind: 'unfit', reason: 'Too large for this graphics card.' })
    const run = runOf(1)
    await runner.start(run)
    expect((await images(run))[0]).toMatchObject({
      status: 'failed',
      errorCode: 'unfit',
      errorDetail: 'Too large for this graphics card.',
    })
  })
})
