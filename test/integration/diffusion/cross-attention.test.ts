// A U-Net exported with its cross-attention as outputs (tiny SD 1, the same weights) against PyTorch's own probabilities.
import { afterAll, describe, expect, test } from 'vitest'
import { advanceTogether } from '#diffusion/pipelines/advance-together.ts'
import { averageAttention } from '#diffusion/pipelines/cross-attention.ts'
import { runToEnd } from '#diffusion/pipelines/run-to-end.ts'
import { createTiling, roll } from '#diffusion/pipelines/seamless.ts'
import { traceCall } from '#diffusion/pipelines/trace.ts'
import { readGolden, relativeError, unpack } from '#test/golden/read-golden.ts'
import { loadTiny, tinyRecipe, withComponent } from './tiny-models.ts'

const golden = readGolden<{ recipe: { width: number; height: number; steps: number }; shape: number[]; maps: string }>(
  'pipelines/sd1-attention.json',
)
const plain = loadTiny('sd1')
const attentive = loadTiny('sd1', { files: withComponent('sd1', 'unet', 'sd1-attention') })
afterAll(async () => {
  await (await plain).dispose()
  await (await attentive).dispose()
})

const wide = tinyRecipe('sd1', golden.recipe)

describe('cross-attention in a trace', () => {
  test('is PyTorch’s, averaged over heads and layers, and sums to 1 over the tokens', async () => {
    const run = await (await attentive).start({ recipe: wide })
    expect(run.crossAttention()).toBeUndefined()
    const { crossAttention: maps } = await traceCall(run)
    if (maps === undefined) throw new Error('The trace has no cross-attention')
    expect([maps.tokens, maps.height, maps.width]).toEqual(golden.shape)
    expect(relativeError(maps.data, unpack(golden.maps))).toBeLessThan(1e-4)
    const plane = maps.height * maps.width
    for (let place = 0; place < plane; place++) {
      let sum = 0
      for (let token = 0; token < maps.tokens; token++) sum += maps.data[token * plane + place] ?? 0
      expect(sum).toBeCloseTo(1, 5)
    }
  })

  test('changes nothing: the same latents and the same picture as the U-Net without it', async () => {
    const made = []
    for (const pipeline of [await plain, await attentive]) {
      const run = await pipeline.start({ recipe: tinyRecipe('sd1') })
      while (!run.done) await traceCall(run)
      made.push({ latents: run.latents, picture: await run.decode() })
    }
    expect(made[1]).toEqual(made[0])
  })

  test('is undefined for a U-Net without such outputs', async () => {
    const run = await (await plain).start({ recipe: tinyRecipe('sd1') })
    expect((await traceCall(run)).crossAttention).toBeUndefined()
  })

  test('is of the prompt, guided or not', async () => {
    const unguided = await (await attentive).start({ recipe: { ...wide, guidanceScale: 1 } })
    const { crossAttention } = await traceCall(unguided)
    expect(relativeError(crossAttention?.data ?? [], unpack(golden.maps))).toBeLessThan(1e-4)
  })

  test('is each run’s own where runs share a call', async () => {
    const pipeline = await attentive
    const recipes = [wide, { ...wide, prompt: 'the blue panda', seed: 8 }]
    const start = () => Promise.all(recipes.map((recipe) => pipeline.start({ recipe })))
    const together = await start()
    await advanceTogether(together)
    const alone = await start()
    for (const [i, run] of alone.entries()) {
      await run.advance()
      const expected = run.crossAttention()?.data ?? []
      expect(relativeError(together[i]?.crossAttention()?.data ?? [], expected)).toBeLessThan(1e-4)
    }
    expect(relativeError(alone[1]?.crossAttention()?.data ?? [], unpack(golden.maps))).toBeGreaterThan(1e-3)
  })

  test('lies where the picture is, not where seamless tiling rolled it to', async () => {
    const run = await (await attentive).start({ recipe: { ...wide, steps: 3, tiling: 'x' } })
    await run.advance()
    const { unet, rows, accept } = await run.prepareCall()
    const outputs = await unet.predict(rows)
    accept(outputs)
    const [layer, ...layers] = outputs[1]?.attention ?? []
    if (layer === undefined) throw new Error('The U-Net gave no attention')
    const rolled = averageAttention([layer, ...layers], run.size).data
    const { x } = createTiling('x', run.size).shiftAt(1)
    expect(x).toBeGreaterThan(0)
    expect(roll(run.crossAttention()?.data ?? new Float32Array(), run.size, { x, y: 0 })).toEqual(rolled)
  })

  test('has the latents’ sides in both passes of a second pass', async () => {
    const hires = { width: 96, height: 96, steps: 2, strength: 0.5, upscaler: 'latent' } as const
    const run = await (await attentive).start({ recipe: tinyRecipe('sd1', { steps: 2, hires }) })
    const sides = new Set<string>()
    await runToEnd(run, {
      onProgress: () => {
        const maps = run.crossAttention()
        sides.add(`${maps?.width}x${maps?.height}`)
      },
    })
    expect([...sides]).toEqual(['8x8', '12x12'])
  })
})
