// Which networks a recipe's picture needs, and how strongly: the recipe names the files, `<lora:name:0.8>` in its prompt the
// strength. Embeddings have none; they are words.
import type { NetworkRef, Recipe } from '#contracts/recipe.ts'
import type { PromptNode } from './ast.ts'
import { chooseOption } from './choose.ts'
import { parsePrompt } from './parse.ts'

export interface NetworkUse extends NetworkRef {
  /** Factor of a LoRA's update; 1 for an embedding. */
  readonly strength: number
}

/**
 * In the recipe's order, each once. A LoRA named twice counts with the sum, as in A1111; one in a schedule or an alternation counts
 * all the time, because weights do not change between steps; of `{a|b}` the drawn option counts. At 0 there is nothing to load.
 */
export function networksOf({ networks = [], prompt, seed, weighting }: Recipe): NetworkUse[] {
  if (networks.length === 0) return []
  const strengths = new Map<string, number>()
  // Read literally, a prompt asks for no LoRA.
  const parts = weighting === 'none' ? [] : parsePrompt(prompt).parts
  for (const node of parts.flatMap((part) => networkNodes(part.nodes, seed)))
    strengths.set(node.name, (strengths.get(node.name) ?? 0) + node.scale)
  return networks.flatMap((network) => {
    const strength = network.kind === 'embedding' ? 1 : (strengths.get(network.name) ?? 0)
    return strength === 0 ? [] : [{ ...network, strength }]
  })
}

type NetworkNode = Extract<PromptNode, { type: 'network' }>

function networkNodes(nodes: readonly PromptNode[], seed: number): NetworkNode[] {
  return nodes.flatMap((node) => {
    switch (node.type) {
      case 'network':
        return node.kind === 'lora' || node.kind === 'lyco' ? [node] : []
      case 'emphasis':
      case 'braces':
        return networkNodes(node.children, seed)
      case 'schedule':
        return [...networkNodes(node.from ?? [], seed), ...networkNodes(node.to, seed)]
      case 'alternate':
        return node.options.flatMap((option) => networkNodes(option, seed))
      case 'choice':
        return networkNodes(chooseOption(node, seed), seed)
      case 'text':
      case 'break':
        return []
      default:
        return node satisfies never
    }
  })
}
