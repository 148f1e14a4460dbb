// `{a|b|c}`: one option per picture, drawn from the picture's seed and the choice's place in the prompt, so that the same recipe
// always chooses the same and two choices in one prompt are independent.
import type { ChoiceNode, PromptNode } from './ast.ts'

export function chooseOption(node: ChoiceNode, seed: number): readonly PromptNode[] {
  // 32 random bits over at most a few thousand options: the bias of the product is below one in a million.
  const index = Math.floor((mix32(seed, node.start) / 2 ** 32) * node.options.length)
  return node.options[index] ?? []
}

/** Two 32-bit numbers → one unsigned 32-bit number, every bit depending on all: MurmurHash3's body and finalizer (Appleby). */
function mix32(a: number, b: number): number {
  let hash = 0
  for (const word of [a, b]) {
    let block = Math.imul(word | 0, 0xcc9e2d51)
    block = (block << 15) | (block >>> 17)
    hash ^= Math.imul(block, 0x1b873593)
    hash = (hash << 13) | (hash >>> 19)
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0
  }
  hash ^= 8
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
