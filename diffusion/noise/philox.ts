// Philox-4x32-10 (Salmon et al., SC 2011), counters laid out as torch's CUDA generator lays them out for randn: one counter
// per value, the first two words through Box-Muller. The same latents on CPU, CUDA and WebGPU; A1111 calls this source "NV".
import type { NoiseSource } from '#diffusion/schedulers/scheduler.ts'

const MULTIPLIER_0 = 0xd2511f53
const MULTIPLIER_1 = 0xcd9e8d57
/** Golden ratio and sqrt(3) - 1 as 32-bit fractions, added to the key each round. */
const WEYL_0 = 0x9e3779b9
const WEYL_1 = 0xbb67ae85
const ROUNDS = 10
const SEED_LIMIT = 2 ** 53

/** CUDA works these two in float32; the double product keeps their float32 values. */
const TWO_POW_NEG_32 = 2 ** -32
const TWO_POW_NEG_32_TIMES_2PI = Math.fround(2.3283064e-10 * 6.2831855)

/** High 32 bits of the unsigned product a * b, as an int32; by halves, so that every partial product fits 32 bits. */
function mulHi(a: number, b: number): number {
  const aLow = a & 0xffff
  const aHigh = a >>> 16
  const bLow = b & 0xffff
  const bHigh = b >>> 16
  const upper = (Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16)) | 0
  const lower = (Math.imul(aLow, bHigh) + (upper & 0xffff)) | 0
  return (Math.imul(aHigh, bHigh) + (upper >>> 16) + (lower >>> 16)) | 0
}

/**
 * Values of torch's `randn(size, device='cuda')` for one generator seed.
 *
 * `draw` counts the randn calls made before on the same generator (A1111's `offset`): 0 for the initial latents.
 * float32 [size]. Exact up to the last float32 digit of log, sqrt and sin. Holds for sizes up to the GPU's thread count
 * (163,840 values on the 80 multiprocessors of a V100), where torch gives each value its own thread; A1111 and we keep that layout past it.
 *
 * @throws {RangeError} on a seed, draw or size that is no safe non-negative integer.
 */
export function philoxRandn(seed: number, draw: number, size: number): Float32Array {
  requireCount('Seed', seed)
  requireCount('Draw', draw)
  requireCount('Size', size)
  const keyLow = seed | 0
  const keyHigh = Math.floor(seed / 2 ** 32) | 0
  const values = new Float32Array(size)
  for (let i = 0; i < size; i++) {
    let c0 = draw | 0
    let c1 = 0
    let c2 = i
    let c3 = 0
    let k0 = keyLow
    let k1 = keyHigh
    for (let round = 0; round < ROUNDS; round++) {
      const high0 = mulHi(MULTIPLIER_0, c0)
      const high1 = mulHi(MULTIPLIER_1, c2)
      const low0 = Math.imul(MULTIPLIER_0, c0)
      const low1 = Math.imul(MULTIPLIER_1, c2)
      c0 = high1 ^ c1 ^ k0
      c1 = low1
      c2 = high0 ^ c3 ^ k1
      c3 = low0
      k0 = (k0 + WEYL_0) | 0
      k1 = (k1 + WEYL_1) | 0
    }
    const u = (c0 >>> 0) * TWO_POW_NEG_32 + TWO_POW_NEG_32 / 2
    const v = (c1 >>> 0) * TWO_POW_NEG_32_TIMES_2PI + TWO_POW_NEG_32_TIMES_2PI / 2
    values[i] = Math.sqrt(-2 * Math.log(u)) * Math.sin(v)
  }
  return values
}

/** Philox noise for one image's seed; the first draw is the initial latents, later ones are a sampler's. */
export function createPhiloxNoise(seed: number, position = 0): NoiseSource {
  requireCount('Seed', seed)
  requireCount('Noise position', position)
  let draws = position
  return {
    get position() {
      return draws
    },
    next(size) {
      const values = philoxRandn(seed, draws, size)
      draws += 1
      return values
    },
  }
}

function requireCount(what: string, value: number): void {
  if (!Number.isInteger(value) || value < 0 || value >= SEED_LIMIT) {
    throw new RangeError(`${what} is an integer from 0 to 2^53 - 1, got ${value}`)
  }
}
