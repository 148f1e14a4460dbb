// The noise of one image by the name its recipe gives it.
import type { Recipe } from '#contracts/recipe.ts'
import type { NoiseSource } from '#diffusion/schedulers/scheduler.ts'
import { createMt19937Noise } from './mt19937.ts'
import { createPhiloxNoise } from './philox.ts'

/** `position` is how many draws an interrupted run had made; the source goes on from there. */
export function createNoise(kind: Recipe['noise'], seed: number, position = 0): NoiseSource {
  switch (kind) {
    case 'philox':
      return createPhiloxNoise(seed, position)
    case 'mt19937':
      return createMt19937Noise(seed, position)
    default:
      throw new RangeError(`Unknown noise ${JSON.stringify(kind satisfies never)}; known: philox, mt19937`)
  }
}
