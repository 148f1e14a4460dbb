// Both noise sources against training/golden/make_golden.py: torch's CPU generator for real, CUDA's layout from a second
// implementation in numpy (there was no GPU; philox.test.ts has the values torch printed on one).
import { describe, expect, test } from 'vitest'
import { BrownianTree } from '#diffusion/noise/brownian-tree.ts'
import { createNoise } from '#diffusion/noise/index.ts'
import { torchCpuRandn } from '#diffusion/noise/mt19937.ts'
import { philoxRandn } from '#diffusion/noise/philox.ts'
import { seedSequenceState } from '#diffusion/noise/seed-sequence.ts'
import { readGolden, unpack } from '#test/golden/read-golden.ts'

const golden = readGolden<{
  philox: { seed: number; draw: number; size: number; values: string }[]
  mt19937: { seed: number; size: number; draws: number; values: string[] }[]
  brownianTree: {
    seed: number
    size: number
    low: number
    high: number
    pairs: [number, number][]
    values: string
  }[]
}>('noise.json')

/** One unit in float32's last place at the largest values drawn, 4. */
const PHILOX_TOLERANCE = 5e-7
/** A sum of some twenty levels of the tree, each rounded to float32 by torch. */
const BROWNIAN_TOLERANCE = 3e-6
/** torch's vectorised log, sin and cos are good to a few units in float32's last place. */
const TORCH_TOLERANCE = 3e-6

test.each(golden.philox)('Philox seed $seed, draw $draw is numpy’s', ({ seed, draw, size, values }) => {
  const reference = unpack(values)
  philoxRandn(seed, draw, size).forEach((value, i) => {
    expect(Math.abs(value - Number(reference[i]))).toBeLessThan(PHILOX_TOLERANCE)
  })
})

describe.each(golden.mt19937)('mt19937 seed $seed, $draws draws of $size', ({ seed, size, values }) => {
  test('is torch.randn on the CPU', () => {
    const noise = createNoise('mt19937', seed)
    for (const packed of values) {
      const reference = unpack(packed)
      const draw = noise.next(size)
      const kept = [...draw.subarray(0, 20), ...draw.subarray(-20)]
      expect(kept.length).toBe(reference.length)
      kept.forEach((value, i) => {
        expect(Math.abs(value - Number(reference[i])), `value ${i}`).toBeLessThan(TORCH_TOLERANCE)
      })
    }
  })

  test('goes on from a position exactly where an uninterrupted source would be', () => {
    const whole = createNoise('mt19937', seed)
    const draws = [whole.next(size), whole.next(size), whole.next(size)]
    const resumed = createNoise('mt19937', seed, 2)
    expect(resumed.next(size)).toEqual(draws[2])
    expect(resumed.position).toBe(3)
  })
})

describe.each(golden.brownianTree)('torchsde’s Brownian tree of seed $seed over $low to $high', (path) => {
  const { seed, size, low, high, pairs, values } = path

  test('has its increments', () => {
    const reference = unpack(values)
    const tree = new BrownianTree(seed, { low, high, size }, torchCpuRandn)
    for (const [at, [from, to]] of pairs.entries()) {
      tree.between(from, to).forEach((value, i) => {
        expect(Math.abs(value - Number(reference[at * size + i])), `${from} to ${to}`).toBeLessThan(BROWNIAN_TOLERANCE)
      })
    }
  })

  test('does not depend on what was asked before', () => {
    const [pair = [0, 0]] = pairs.slice(2)
    const tree = new BrownianTree(seed, { low, high, size }, torchCpuRandn)
    for (const [from, to] of pairs) tree.between(from, to)
    expect(tree.between(...pair)).toEqual(new BrownianTree(seed, { low, high, size }, torchCpuRandn).between(...pair))
  })
})

test('the same tree drawn on CUDA takes Philox values, whose first is torch’s randn of the root’s seed', () => {
  const low = 0.03
  const high = 14.6
  const between = (sdeNoise: 'torchsde-cpu' | 'torchsde-cuda') =>
    createNoise('mt19937', 42, 0, sdeNoise).between?.({ from: high, to: low, low, high, size: 32 })
  const [rootSeed = 0] = seedSequenceState(42, [], 24, 3)
  const expected = philoxRandn(rootSeed, 0, 32).map((value) => -value)
  between('torchsde-cuda')?.forEach((value, i) => {
    expect(value).toBeCloseTo(Number(expected[i]), 5)
  })
  expect(between('torchsde-cuda')).not.toEqual(between('torchsde-cpu'))
})

test('mt19937 refuses a seed past 32 bits and a draw of another size', () => {
  expect(() => createNoise('mt19937', 2 ** 32)).toThrow(/integer from 0 to 4294967295 .*got 4294967296/)
  const noise = createNoise('mt19937', 1)
  noise.next(16)
  expect(() => noise.next(32)).toThrow(/one size, 16, got 32/)
})
