// The ends of a prompt's tree: texts, networks and breaks, in the order they stand in, out of whatever brackets they stand in.
import type { BreakNode, NetworkNode, PromptNode, PromptPart, TextNode } from './ast.ts'
import { chooseOption } from './choose.ts'

export type Leaf = TextNode | NetworkNode | BreakNode

/** Of `{a|b}` the option `seed` draws, or every option where there is none; of schedules and alternations all sides. */
export function leavesOf(parts: readonly PromptPart[], seed?: number): Leaf[] {
  return parts.flatMap((part) => leaves(part.nodes, seed))
}

function leaves(nodes: readonly PromptNode[], seed: number | undefined): Leaf[] {
  return nodes.flatMap((node) => {
    switch (node.type) {
      case 'text':
      case 'network':
      case 'break':
        return [node]
      case 'emphasis':
      case 'braces':
        return leaves(node.children, seed)
      case 'schedule':
        return [...leaves(node.from ?? [], seed), ...leaves(node.to, seed)]
      case 'alternate':
        return node.options.flatMap((option) => leaves(option, seed))
      case 'choice':
        return seed === undefined
          ? node.options.flatMap((option) => leaves(option, seed))
          : leaves(chooseOption(node, seed), seed)
      default:
        return node satisfies never
    }
  })
}
