// Tree → prompt text. `printPrompt(parsePrompt(text)) === text` for every text.
import type { Prompt, PromptNode } from './ast.ts'

export function printPrompt(prompt: Pick<Prompt, 'parts'>): string {
  return prompt.parts.map((part) => printNodes(part.nodes) + part.rawWeight).join('AND')
}

export function printNodes(nodes: readonly PromptNode[]): string {
  return nodes.map(printNode).join('')
}

function printNode(node: PromptNode): string {
  switch (node.type) {
    case 'text':
    case 'network':
      return node.raw
    case 'break':
      return 'BREAK'
    case 'emphasis':
      return `${node.open}${printNodes(node.children)}${node.close}`
    case 'braces':
      return `{${printNodes(node.children)}${node.close}`
    case 'schedule': {
      const from = node.from === undefined ? '' : `${printNodes(node.from)}:`
      return `[${from}${printNodes(node.to)}:${node.rawWhen}]`
    }
    case 'alternate':
      return `[${node.options.map(printNodes).join('|')}]`
    case 'choice':
      return `{${node.options.map(printNodes).join('|')}}`
    default:
      return node satisfies never
  }
}
