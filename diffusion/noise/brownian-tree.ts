// The Brownian path torchsde's BrownianTree draws for a seed: a dyadic tree over [low, high] whose every split is a seeded Brownian
// bridge, so that increments do not depend on what was asked before. A1111 and ComfyUI take the SDE samplers' noise from it; with it
// their seeds give their noise here. Values within float32 rounding of torch's.
import { seedSequenceState } from './seed-sequence.ts'

/** torchsde's pool of entropy per node, and the decimals its times are rounded to (tol 1e-6). */
const POOL_SIZE = 24
const DECIMALS = 6
/** Increments kept at hand, last used ones; the rest are computed again from above. Two paths down the tree, both halves each. */
const KEPT = 110

/** float32 [size] from a 32-bit seed. */
export type SeededRandn = (seed: number, size: number) => Float32Array

export interface Path {
  readonly low: number
  readonly high: number
  readonly size: number
}

/** One interval of the tree; the whole path has no parent. */
interface Node {
  readonly start: number
  readonly end: number
  readonly parent: Node | null
  readonly isLeft: boolean
  /** Path from the root, as bits below a leading depth. */
  readonly spawnKey: number
  readonly depth: number
  split: Split | null
}

interface Split {
  readonly middle: number
  readonly seed: number
  readonly left: Node
  readonly right: Node
}

export class BrownianTree {
  readonly #seed: number
  readonly #size: number
  readonly #randn: SeededRandn
  readonly #root: Node
  readonly #whole: Float32Array
  readonly #kept = new Map<Node, Float32Array>()

  /**
   * The path is float32 [size] over the noise levels `low` to `high`.
   *
   * @param seed entropy, 0 to 2^53 - 1.
   * @param randn torch's `randn` of a freshly seeded generator, on the device the tree is drawn on.
   */
  constructor(seed: number, { low, high, size }: Path, randn: SeededRandn) {
    this.#seed = seed
    this.#size = size
    this.#randn = randn
    const start = Math.fround(low)
    const end = Math.fround(high)
    this.#root = {
      start: round(start),
      end: round(end),
      parent: null,
      isLeft: false,
      spawnKey: 0,
      depth: 0,
      split: null,
    }
    const deviation = Math.sqrt(end - start)
    const [wholeSeed = 0] = seedSequenceState(seed, [], POOL_SIZE, 3)
    this.#whole = randn(wholeSeed, size).map((value) => value * deviation)
  }

  /** Unit-variance noise of the path from one level to another, down or up; zeros between equal ones. float32 [size]. */
  between(from: number, to: number): Float32Array {
    const a = Math.fround(from)
    const b = Math.fround(to)
    const sum = new Float32Array(this.#size)
    if (a === b) return sum
    const clamp = (level: number) => Math.min(Math.max(round(level), this.#root.start), this.#root.end)
    const low = clamp(Math.min(a, b))
    const high = clamp(Math.max(a, b))
    if (low === high) return sum
    for (const node of locate(this.#root, low, high, this.#seed)) {
      const increment = this.#increment(node)
      for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (increment[i] as number)
    }
    const scale = (a < b ? 1 : -1) / Math.sqrt(Math.abs(a - b))
    return sum.map((value) => value * scale)
  }

  #increment(node: Node): Float32Array {
    if (node.parent === null) return this.#whole
    const kept = this.#kept.get(node)
    if (kept !== undefined) {
      this.#keep(node, kept)
      return kept
    }
    const { start, end } = node.parent
    const { middle, seed, left, right } = splitOf(node.parent, this.#seed)
    const whole = this.#increment(node.parent)
    // The bridge: what is known to pass over the whole interval, shared by length, and fresh noise that must cancel out.
    const share = (middle - start) / (end - start)
    const deviation = Math.sqrt(((middle - start) * (end - middle)) / (end - start))
    const leftPart = this.#randn(seed, this.#size).map((value, i) => share * (whole[i] as number) + deviation * value)
    const rightPart = whole.map((value, i) => value - (leftPart[i] as number))
    // Both halves cost one draw, and the other one is most likely asked for next.
    this.#keep(left, leftPart)
    this.#keep(right, rightPart)
    return node.isLeft ? leftPart : rightPart
  }

  /** The newest goes to the end, so that what the next stretch starts from is still there. */
  #keep(node: Node, increment: Float32Array): void {
    this.#kept.delete(node)
    this.#kept.set(node, increment)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > KEPT && oldest !== undefined) this.#kept.delete(oldest)
  }
}

/** The nodes that make up [low, high], in order; splits the tree where their ends are not yet in it. */
function locate(node: Node, low: number, high: number, seed: number): Node[] {
  if (low === node.start && high === node.end) return [node]
  if (node.split === null) splitTowards(node, low === node.start ? high : low, seed)
  const { middle, left, right } = splitOf(node, seed)
  if (high <= middle) return locate(left, low, high, seed)
  if (low >= middle) return locate(right, low, high, seed)
  return [...locate(left, low, middle, seed), ...locate(right, middle, high, seed)]
}

/** Halves down to where `level` is a border. */
function splitTowards(start: Node, level: number, seed: number): void {
  let node = start
  while (true) {
    const { middle, left, right } = splitOf(node, seed)
    if (level === middle) return
    node = level > middle ? right : left
    if (node.split !== null || level === node.start || level === node.end) return
  }
}

function splitOf(node: Node, entropy: number): Split {
  if (node.split !== null) return node.split
  const { start, end, spawnKey, depth } = node
  const middle = round(0.5 * (end + start))
  const [seed = 0] = seedSequenceState(entropy, [spawnKey, depth], POOL_SIZE, 4)
  const child = (isLeft: boolean): Node => ({
    start: isLeft ? start : middle,
    end: isLeft ? middle : end,
    parent: node,
    isLeft,
    spawnKey: 2 * spawnKey + (isLeft ? 0 : 1),
    depth: depth + 1,
    split: null,
  })
  const split = { middle, seed, left: child(true), right: child(false) }
  node.split = split
  return split
}

/** Python's round to six decimals: the nearest, halves to the even digit. */
function round(value: number): number {
  const scaled = value * 10 ** DECIMALS
  // A binary fraction can lie exactly half way only in 128ths.
  const isTie = Number.isInteger(value * 128) && Math.abs(scaled % 1) === 0.5
  if (!isTie) return Number(value.toFixed(DECIMALS))
  const below = Math.floor(scaled)
  return (below % 2 === 0 ? below : below + 1) / 10 ** DECIMALS
}
