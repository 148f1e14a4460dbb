import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Recipe } from '#contracts/recipe.ts'
import { readSnapshot, takeSnapshot } from '#diffusion/pipelines/snapshot.ts'

const recipe: Recipe = {
  version: 1,
  model: { id: 'm', hash: 'a'.repeat(64) },
  prompt: 'a panda',
  negativePrompt: '',
  seed: 7,
  count: 1,
  width: 64,
  height: 64,
  steps: 5,
  sampler: 'ddim',
  schedule: 'automatic',
  guidanceScale: 4,
  noise: 'philox',
}

/** Any bit pattern is a float worth keeping, negative zero and subnormals included. */
const floats = fc
  .uint32Array({ maxLength: 64 })
  .map((bits) => new Float32Array(bits.buffer, bits.byteOffset, bits.length))
  .filter((values) => !values.some(Number.isNaN))
const bits = (values: Float32Array) => new Uint32Array(values.buffer, values.byteOffset, values.length)

describe('a snapshot', () => {
  test('keeps every bit through JSON text', () => {
    fc.assert(
      fc.property(
        floats,
        floats,
        fc.array(floats, { maxLength: 3 }),
        fc.nat(),
        (latents, predicted, history, callIndex) => {
          const state = {
            recipe,
            pass: 1,
            callIndex,
            noisePosition: 3,
            latents,
            predictedOriginal: predicted,
            history,
          } as const
          const read = readSnapshot(JSON.parse(JSON.stringify(takeSnapshot(state))))
          expect(read).toMatchObject({ recipe, pass: 1, callIndex, noisePosition: 3 })
          expect(bits(read.latents)).toEqual(bits(latents.slice()))
          expect(bits(read.predictedOriginal)).toEqual(bits(predicted.slice()))
          expect(read.history.map(bits)).toEqual(history.map((values) => bits(values.slice())))
        },
      ),
    )
  })

  test.each([null, {}, { version: 2 }, 'text'])('%j is refused', (value) => {
    expect(() => readSnapshot(value)).toThrow()
  })
})
