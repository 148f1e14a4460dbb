// The noise of one image by the name its recipe gives it.
import type { Recipe } from '#contracts/recipe.ts'
import type { NoiseSource } from '#diffusion/schedulers/scheduler.ts'
import { BrownianTree, type SeededRandn } from './brownian-tree.ts'
import { createMt19937Noise, torchCpuRandn } from './mt19937.ts'
import { createPhiloxNoise, philoxRandn } from './philox.ts'

/**
 * `position` is how many draws an interrupted run had made; the source goes on from there. `sdeNoise` says where SDE samplers take
 * theirs: torchsde's path of the same seed, or fresh draws like everyone else's.
 */
export function createNoise(
  kind: Recipe['noise'],
  seed: number,
  position = 0,
  sdeNoise?: Recipe['sdeNoise'],
): NoiseSource {
  const source = createDraws(kind, seed, position)
  return sdeNoise === undefined ? source : withBrownianTree(source, seed, RANDN[sdeNoise])
}

/** How torch's `randn` of a fresh generator comes out on each device. */
const RANDN: Readonly<Record<NonNullable<Recipe['sdeNoise']>, SeededRandn>> = {
  'torchsde-cpu': torchCpuRandn,
  'torchsde-cuda': (seed, size) => philoxRandn(seed, 0, size),
}

function createDraws(kind: Recipe['noise'], seed: number, position: number): NoiseSource {
  switch (kind) {
    case 'philox':
      return createPhiloxNoise(seed, position)
    case 'mt19937':
      return createMt19937Noise(seed, position)
    default:
      throw new RangeError(`Unknown noise ${JSON.stringify(kind satisfies never)}; known: philox, mt19937`)
  }
}

/** One run asks for one path, so one tree is kept. */
function withBrownianTree(source: NoiseSource, seed: number, randn: SeededRandn): NoiseSource {
  let path: { readonly key: string; readonly tree: BrownianTree } | undefined
  return {
    get position() {
      return source.position
    },
    next: (size) => source.next(size),
    between({ from, to, low, high, size }) {
      const key = `${low} ${high} ${size}`
      if (path?.key !== key) path = { key, tree: new BrownianTree(seed, { low, high, size }, randn) }
      return path.tree.between(from, to)
    },
  }
}
