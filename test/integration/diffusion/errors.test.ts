// What a pipeline refuses and how it names failures. Runtimes are a parameter of the core, so a failing one is passed in.
import { describe, expect, test } from 'vitest'
import type { ModelManifest } from '#contracts/model-manifest.ts'
import type { Recipe } from '#contracts/recipe.ts'
import { OutOfMemoryError, SessionError, UnsupportedDtypeError } from '#diffusion/errors.ts'
import { advanceTogether } from '#diffusion/pipelines/advance-together.ts'
import type { RecipeImages } from '#diffusion/pipelines/check-recipe.ts'
import { runToEnd } from '#diffusion/pipelines/run-to-end.ts'
import type { Runtime, Session, Tensor } from '#diffusion/runtime/runtime.ts'
import { cpu, loadTiny, ramp, tinyManifest, tinyRecipe, withComponent } from './tiny-models.ts'

/** The CPU runtime with something done to its sessions, and a count of those not yet freed. */
function altered(alter: (session: Session, path: string) => Session): Runtime & { open: number } {
  const runtime = {
    provider: cpu.provider,
    open: 0,
    async createSession(...args: Parameters<Runtime['createSession']>) {
      const session = alter(await cpu.createSession(...args), args[1])
      runtime.open += 1
      return {
        ...session,
        async dispose() {
          runtime.open -= 1
          await session.dispose()
        },
      }
    },
  }
  return runtime
}

const unetThat = (run: (feeds: Readonly<Record<string, Tensor>>, session: Session) => ReturnType<Session['run']>) =>
  altered((session, path) =>
    path === 'unet/model.onnx' ? { ...session, run: (feeds) => run(feeds, session) } : session,
  )

describe('a recipe the model cannot make', () => {
  const input = ramp(64, 64)
  const mask = { width: 64, height: 64, data: new Uint8Array(64 * 64).fill(255) }
  const strength = (value: number) => ({ input: { hash: 'b'.repeat(64), strength: value } })
  const whole = { hash: 'c'.repeat(64), blurPx: 0, region: 'whole', paddingPx: 0 } as const
  const cases: [string, Partial<Recipe>, RecipeImages, string][] = [
    ['a width that is no multiple', { width: 68 }, {}, 'multiples of 16 for sd1, got 68x64'],
    ['a width the U-Net cannot halve', { width: 72 }, {}, 'multiples of 16 for sd1, got 72x64'],
    ['no width at all', { width: 0 }, {}, 'multiples of 16 for sd1, got 0x64'],
    ['several images', { count: 2 }, {}, 'A run makes one image, the recipe asks for 2'],
    ['another model', { model: { id: 'x', hash: 'd'.repeat(64) } }, {}, 'the recipe asks for x dddd'],
    ['an endless guidance scale', { guidanceScale: Number.POSITIVE_INFINITY }, {}, 'a finite number, got Infinity'],
    ['steps below one', { steps: 0 }, {}, '0'],
    ['a strength that leaves no step', strength(0.01), { input }, '0.01'],
    ['an input that is missing', strength(0.5), {}, 'The recipe has input, but none was given'],
    ['an input nobody asked for', {}, { input }, 'An input was given, but the recipe has none'],
    ['an input of another size', strength(0.5), { input: ramp(72, 64) }, 'is 64x64 as the recipe says, got 72x64'],
    [
      'an input with too few bytes',
      strength(0.5),
      { input: { ...input, rgb: new Uint8Array(9) } },
      '12288 RGB bytes, got 9',
    ],
    ['a mask without an input', { mask: whole }, { mask }, 'the recipe has none'],
    ['a mask of another size', { ...strength(0.5), mask: whole }, { input, mask: { ...mask, width: 32 } }, 'got 32x64'],
  ]
  test.each(cases)('%s is a RangeError with the rule and the value', async (_, overrides, images, message) => {
    const pipeline = await loadTiny('sd1')
    const start = pipeline.start({ recipe: tinyRecipe('sd1', overrides), ...images })
    await expect(start).rejects.toThrow(RangeError)
    await expect(start).rejects.toThrow(message)
    await pipeline.dispose()
  })

  test('prompts joined with AND are refused by a model that is not guided', async () => {
    const pipeline = await loadTiny('lcm')
    const recipe = tinyRecipe('lcm', { prompt: 'a panda AND a fox' })
    await expect(pipeline.start({ recipe })).rejects.toThrow('lcm is not guided')
    await pipeline.dispose()
  })

  test('a manifest whose latentRgb has other channels is told so at the first preview', async () => {
    const manifest: ModelManifest = {
      ...tinyManifest('sd1'),
      latentRgb: { weights: [[0, 0, 0]], bias: [0, 0, 0], psnrDb: 0 },
    }
    const pipeline = await loadTiny('sd1', { manifest })
    const run = await pipeline.start({ recipe: tinyRecipe('sd1') })
    expect(() => run.preview()).toThrow('latentRgb maps 1 channels, the model has 4')
    await pipeline.dispose()
  })
})

describe('a failing engine', () => {
  test('NaN latents are named by session and call', async () => {
    let calls = 0
    const runtime = unetThat(async (feeds, session) => {
      const outputs = await session.run(feeds)
      calls += 1
      if (calls === 3)
        for (const tensor of Object.values(outputs)) if (tensor.type === 'float32') tensor.data[17] = Number.NaN
      return outputs
    })
    const pipeline = await loadTiny('sd1', { runtime })
    const run = await pipeline.start({ recipe: tinyRecipe('sd1') })
    await expect(runToEnd(run)).rejects.toMatchObject({ name: 'NonFiniteError', session: 'unet', callIndex: 2 })
    expect(run.callIndex).toBe(2)
    await pipeline.dispose()
  })

  test.each([
    ['std::bad_alloc', OutOfMemoryError],
    ["needs the feature 'shader-f16'", UnsupportedDtypeError],
    ['a kernel fell over', SessionError],
  ] as const)('"%s" while running is named, and the run can be tried again', async (message, type) => {
    let fails = true
    const runtime = unetThat((feeds, session) => (fails ? Promise.reject(new Error(message)) : session.run(feeds)))
    const pipeline = await loadTiny('sd1', { runtime })
    const run = await pipeline.start({ recipe: tinyRecipe('sd1') })
    await expect(run.advance()).rejects.toThrow(type)
    fails = false
    await runToEnd(run)
    expect(run.done).toBe(true)
    await pipeline.dispose()
  })

  test('fails the runs of its call, which have not moved and go on afterwards', async () => {
    let fails = true
    const runtime = unetThat((feeds, session) => (fails ? Promise.reject(new Error('boom')) : session.run(feeds)))
    const pipeline = await loadTiny('sd1', { runtime })
    const runs = []
    for (const width of [64, 96]) runs.push(await pipeline.start({ recipe: tinyRecipe('sd1', { width }) }))
    const failed = await advanceTogether(runs)
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(runs.map(({ callIndex }) => callIndex)).toEqual([0, 0])
    fails = false
    const moved = await advanceTogether(runs)
    expect(moved.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
    await pipeline.dispose()
  })

  test('a graph that cannot be loaded frees the ones before it', async () => {
    const runtime = altered((session, path) => {
      if (path === 'vae_encoder/model.onnx') throw new Error('Failed to allocate memory')
      return session
    })
    await expect(loadTiny('sd1', { runtime })).rejects.toThrow(OutOfMemoryError)
    expect(runtime.open).toBe(0)
  })

  test('dispose frees every graph', async () => {
    const runtime = altered((session) => session)
    const files = withComponent('sdxl', 'preview_decoder', 'preview-decoder')
    const pipeline = await loadTiny('sdxl', { runtime, files })
    expect(runtime.open).toBe(6)
    await pipeline.dispose()
    expect(runtime.open).toBe(0)
  })
})

describe('an aborted run', () => {
  test('does not start', async () => {
    const pipeline = await loadTiny('sd1')
    const start = pipeline.start({ recipe: tinyRecipe('sd1'), signal: AbortSignal.abort() })
    await expect(start).rejects.toMatchObject({ name: 'AbortError' })
    await pipeline.dispose()
  })

  test('stops within one call', async () => {
    const pipeline = await loadTiny('sd1')
    const controller = new AbortController()
    const run = await pipeline.start({ recipe: tinyRecipe('sd1', { steps: 20 }), signal: controller.signal })
    const onProgress = () => {
      if (run.callIndex === 4) controller.abort(new Error('enough'))
    }
    await expect(runToEnd(run, { onProgress })).rejects.toMatchObject({
      name: 'AbortError',
      cause: { message: 'enough' },
    })
    expect(run.callIndex).toBe(4)
    await pipeline.dispose()
  })

  test('while loading frees what was loaded', async () => {
    const controller = new AbortController()
    const runtime = altered((session, path) => {
      if (path === 'unet/model.onnx') controller.abort()
      return session
    })
    await expect(loadTiny('sd1', { runtime, signal: controller.signal })).rejects.toMatchObject({ name: 'AbortError' })
    expect(runtime.open).toBe(0)
  })
})
