// The engine in this process, on the real model: what step-level interleaving must never change, and how soon it stops.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Recipe } from '#contracts/recipe.ts'
import { AbortedError } from '#diffusion/errors.ts'
import { Engine, type LoadedModel } from '#worker/engine/engine.ts'
import { loadModels } from '#worker/engine/load-models.ts'
import { findInstalledModel } from '#worker/models/installed-models.ts'
import { createOnnxRuntime } from '#worker/runtime/onnx-runtime.ts'

describe('the engine', () => {
  let models: LoadedModel[]
  let base: Recipe
  beforeAll(async () => {
    const installed = await findInstalledModel('models', 'dewpoint')
    const { manifest } = installed
    models = await loadModels(createOnnxRuntime({ provider: 'cpu', threads: 1 }), [installed], 'models')
    base = {
      version: 1,
      model: { id: manifest.id, hash: manifest.hash },
      prompt: 'a fox in the forest',
      negativePrompt: '',
      seed: 1,
      count: 1,
      width: 256,
      height: 256,
      ...manifest.defaults,
      noise: 'philox',
    }
  })
  afterAll(async () => {
    for (const { pipelines } of models ?? []) await pipelines.dispose()
  })
  const job = (
    changes: Partial<Recipe>,
    onStep: () => void = () => undefined,
    signal = new AbortController().signal,
  ) => ({
    recipe: { ...base, ...changes },
    signal,
    onStep,
  })

  it('makes the same bytes alone and among others', async () => {
    const engine = new Engine(models)
    const alone = await engine.generate(job({ seed: 9, steps: 5 }))
    const [among] = await Promise.all([
      engine.generate(job({ seed: 9, steps: 5 })),
      engine.generate(job({ seed: 10, steps: 3 })),
      engine.generate(job({ seed: 11, steps: 8, sampler: 'euler' })),
    ])
    expect(Buffer.from(among.png).equals(Buffer.from(alone.png))).toBe(true)
    expect(among.sha256).toBe(alone.sha256)
  })

  it('lets a short picture overtake a long one that came first', async () => {
    const engine = new Engine(models)
    const order: string[] = []
    await Promise.all([
      engine.generate(job({ steps: 40 })).then(() => order.push('long')),
      engine.generate(job({ steps: 2 })).then(() => order.push('short')),
    ])
    expect(order).toEqual(['short', 'long'])
  })

  it('stops within one U-Net call of being told to, and the others go on', async () => {
    const engine = new Engine(models)
    const controller = new AbortController()
    let stepsAfterAbort = 0
    let steps = 0
    const stopped = engine.generate(
      job(
        { steps: 50 },
        () => {
          steps += 1
          if (controller.signal.aborted) stepsAfterAbort += 1
          if (steps === 3) controller.abort()
        },
        controller.signal,
      ),
    )
    const other = engine.generate(job({ seed: 3, steps: 60 }))
    await expect(stopped).rejects.toBeInstanceOf(AbortedError)
    expect(stepsAfterAbort).toBe(0)
    await expect(other).resolves.toMatchObject({ width: 256, height: 256 })
  })

  it('fails one run without touching its neighbours', async () => {
    const engine = new Engine(models)
    const [broken, fine] = await Promise.allSettled([
      engine.generate(job({ width: 40, height: 40, steps: 3 })),
      engine.generate(job({ steps: 3 })),
    ])
    expect(broken).toMatchObject({ status: 'rejected', reason: expect.any(RangeError) })
    expect(fine.status).toBe('fulfilled')
  })

  it('refuses a recipe for a model it has not loaded, and lists what it has', async () => {
    const engine = new Engine(models)
    const other = { id: 'dewpoint', hash: '0'.repeat(64) }
    await expect(engine.generate(job({ model: other }))).rejects.toThrow(`loaded: dewpoint ${base.model.hash}`)
  })
})
