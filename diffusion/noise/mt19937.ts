// torch's CPU generator: Mersenne Twister 19937 (Matsumoto & Nishimura 1998) seeded by `torch.manual_seed`, and the two ways
// torch turns its words into `randn` values. A1111 calls this source "CPU"; most Stable Diffusion seeds shared before CUDA's
// layout was reproducible elsewhere came from it.
import type { NoiseSource } from '#diffusion/schedulers/scheduler.ts'

const STATE_WORDS = 624
const SHIFT_WORDS = 397
const MATRIX = 0x9908b0df
const SEED_MAX = 0xffff_ffff

/** torch fills from this many values on in blocks of this many, so that vector units can share the work. */
const BLOCK = 16

/** The 32-bit word generator itself. */
class MersenneTwister {
  readonly #state = new Int32Array(STATE_WORDS)
  #next = STATE_WORDS

  constructor(seed: number) {
    this.#state[0] = seed | 0
    for (let i = 1; i < STATE_WORDS; i++) {
      const previous = this.#word(i - 1)
      this.#state[i] = Math.imul(1812433253, previous ^ (previous >>> 30)) + i
    }
  }

  /** The next unsigned 32-bit word. */
  next(): number {
    if (this.#next === STATE_WORDS) this.#refill()
    let y = this.#word(this.#next)
    this.#next += 1
    y ^= y >>> 11
    y ^= (y << 7) & 0x9d2c5680
    y ^= (y << 15) & 0xefc60000
    y ^= y >>> 18
    return y >>> 0
  }

  #word(index: number): number {
    return this.#state[index] as number
  }

  #refill(): void {
    for (let i = 0; i < STATE_WORDS; i++) {
      const y = (this.#word(i) & 0x80000000) | (this.#word((i + 1) % STATE_WORDS) & 0x7fffffff)
      this.#state[i] = this.#word((i + SHIFT_WORDS) % STATE_WORDS) ^ (y >>> 1) ^ (y & 1 ? MATRIX : 0)
    }
    this.#next = 0
  }
}

/** Successive `torch.randn(size)` of one CPU generator, as float32. */
class TorchCpuGenerator {
  readonly #words: MersenneTwister
  /** Box-Muller makes two values; the scalar path keeps the second for the next value it is asked for. */
  #spare: number | null = null

  constructor(seed: number) {
    this.#words = new MersenneTwister(seed)
  }

  randn(size: number): Float32Array {
    return size >= BLOCK ? this.#inBlocks(size) : Float32Array.from({ length: size }, () => this.#scalar())
  }

  /** 24 bits of a word, in [0, 1). */
  #uniformFloat(): number {
    return (this.#words.next() & 0xffffff) / 0x1000000
  }

  /** 53 bits of two words, the first one the higher, in [0, 1). */
  #uniformDouble(): number {
    const high = this.#words.next() & 0x1fffff
    const low = this.#words.next()
    return (high * 0x100000000 + low) / 2 ** 53
  }

  #scalar(): number {
    if (this.#spare !== null) {
      const value = this.#spare
      this.#spare = null
      return value
    }
    const angle = 2 * Math.PI * this.#uniformDouble()
    const radius = Math.sqrt(-2 * Math.log1p(-this.#uniformDouble()))
    this.#spare = radius * Math.sin(angle)
    return radius * Math.cos(angle)
  }

  #inBlocks(size: number): Float32Array {
    const values = new Float32Array(size)
    for (let i = 0; i < size; i++) values[i] = this.#uniformFloat()
    const whole = size - (size % BLOCK)
    for (let start = 0; start < whole; start += BLOCK) boxMullerBlock(values, start)
    if (whole < size) {
      // A tail that fills no block: the last sixteen values are drawn again and made into one.
      const start = size - BLOCK
      for (let i = start; i < size; i++) values[i] = this.#uniformFloat()
      boxMullerBlock(values, start)
    }
    return values
  }
}

/** Sixteen uniforms to sixteen normals: value i is paired with value i + 8. */
function boxMullerBlock(values: Float32Array, start: number): void {
  for (let i = start; i < start + BLOCK / 2; i++) {
    const radius = Math.sqrt(-2 * Math.log(1 - (values[i] as number)))
    const angle = 2 * Math.PI * (values[i + BLOCK / 2] as number)
    values[i] = radius * Math.cos(angle)
    values[i + BLOCK / 2] = radius * Math.sin(angle)
  }
}

/** The first `torch.randn(size)` of `torch.Generator().manual_seed(seed)`. float32 [size]. */
export function torchCpuRandn(seed: number, size: number): Float32Array {
  return new TorchCpuGenerator(seed).randn(size)
}

/**
 * Noise of `torch.manual_seed(seed)` on the CPU, one `torch.randn` per draw. Within float32 rounding of torch: its vectorised
 * logarithm and sine differ from exact ones in the last digit.
 *
 * Resuming at `position` draws again what came before, so every draw of a run must have one size; a latents' does.
 *
 * @throws {RangeError} on a seed that is no unsigned 32-bit integer, or a draw of another size.
 */
export function createMt19937Noise(seed: number, position = 0): NoiseSource {
  if (!Number.isInteger(seed) || seed < 0 || seed > SEED_MAX) {
    throw new RangeError(`Seed is an integer from 0 to ${SEED_MAX} for the mt19937 noise, got ${seed}`)
  }
  if (!Number.isInteger(position) || position < 0) {
    throw new RangeError(`Noise position is an integer from 0, got ${position}`)
  }
  const generator = new TorchCpuGenerator(seed)
  let draws = position
  let toSkip = position
  let drawSize: number | null = null
  return {
    get position() {
      return draws
    },
    next(size) {
      if (drawSize !== null && drawSize !== size) {
        throw new RangeError(`All draws of one run have one size, ${drawSize}, got ${size}`)
      }
      drawSize = size
      for (; toSkip > 0; toSkip--) generator.randn(size)
      draws += 1
      return generator.randn(size)
    },
  }
}
