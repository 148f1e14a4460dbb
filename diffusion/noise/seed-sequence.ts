// numpy's SeedSequence (after O'Neill's seed_seq_fe): mixes a seed and a place in a tree into fresh 32-bit seeds. torchsde names the
// random numbers of each node of its Brownian tree with it.

const HASH_INIT = 0x43b0d7e5
const HASH_MULTIPLIER = 0x931e8875
const STATE_INIT = 0x8b51f9dd
const STATE_MULTIPLIER = 0x58f38ded
const MIX_LEFT = 0xca01f9dd
const MIX_RIGHT = 0x4973f715
const SHIFT = 16

/** The first `count` words of `SeedSequence(entropy, spawn_key=spawnKey, pool_size=poolSize).generate_state(count)`. */
export function seedSequenceState(
  entropy: number,
  spawnKey: readonly number[],
  poolSize: number,
  count: number,
): number[] {
  const pool = mixedPool(assembleEntropy(entropy, spawnKey, poolSize), poolSize)
  let constant = STATE_INIT
  return Array.from({ length: count }, (_, i) => {
    const word = word32(pool, i % poolSize) ^ constant
    constant = Math.imul(constant, STATE_MULTIPLIER)
    const product = Math.imul(word, constant)
    return (product ^ (product >>> SHIFT)) >>> 0
  })
}

/** 32-bit words, low first; the seed's are padded to the pool so that no spawn key can stand for a longer seed. */
function assembleEntropy(entropy: number, spawnKey: readonly number[], poolSize: number): number[] {
  const seed = words(entropy)
  if (spawnKey.length === 0) return seed
  const padding = Array.from({ length: Math.max(poolSize - seed.length, 0) }, () => 0)
  return [...seed, ...padding, ...spawnKey.flatMap(words)]
}

function words(value: number): number[] {
  return value < 2 ** 32 ? [value] : [value % 2 ** 32, ...words(Math.floor(value / 2 ** 32))]
}

function mixedPool(entropy: readonly number[], poolSize: number): Int32Array {
  let constant = HASH_INIT
  const hash = (value: number): number => {
    const before = value ^ constant
    constant = Math.imul(constant, HASH_MULTIPLIER)
    const product = Math.imul(before, constant)
    return product ^ (product >>> SHIFT)
  }
  const mix = (x: number, y: number): number => {
    const mixed = (Math.imul(MIX_LEFT, x) - Math.imul(MIX_RIGHT, y)) | 0
    return mixed ^ (mixed >>> SHIFT)
  }
  const pool = Int32Array.from({ length: poolSize }, (_, i) => hash(entropy[i] ?? 0))
  for (let from = 0; from < poolSize; from++) {
    for (let to = 0; to < poolSize; to++) {
      if (from !== to) pool[to] = mix(word32(pool, to), hash(word32(pool, from)))
    }
  }
  for (const extra of entropy.slice(poolSize)) {
    for (let to = 0; to < poolSize; to++) pool[to] = mix(word32(pool, to), hash(extra))
  }
  return pool
}

const word32 = (pool: Int32Array, index: number): number => pool[index] as number
