// Ctrl+Up and Ctrl+Down in the prompt box: the weight of the word at the caret, or of the selection, a step up or down.
import type { EmphasisNode, PromptNode, Span } from './ast.ts'
import { parsePrompt } from './parse.ts'

export interface WeightChange {
  readonly text: string
  /** The same words selected in the new text. */
  readonly selection: Span
}

/** Weights are shown and typed with at most two decimals. */
const DECIMALS = 100

/**
 * `(word:1.1)` around a plain word, another number in one that has it, no brackets once the weight is 1 again.
 * @param delta such as 0.1 or -0.1.
 */
export function changeWeight(text: string, selection: Span, delta: number): WeightChange {
  const chosen = selection.start === selection.end ? wordAt(text, selection.start) : trimmed(text, selection)
  const around = parsePrompt(text)
    .parts.map(({ nodes }) => bracketAround(nodes, text, chosen))
    .find(Boolean)
  const [outer, inner, weight] = around ? [around, contentOf(around), around.weight] : [chosen, chosen, 1]
  const content = text.slice(inner.start, inner.end)
  if (content === '') return { text, selection }
  const next = Math.round((weight + delta) * DECIMALS) / DECIMALS
  const [before, after] = next === 1 ? ['', ''] : ['(', `:${next})`]
  const start = outer.start + before.length
  return {
    text: text.slice(0, outer.start) + before + content + after + text.slice(outer.end),
    selection: { start, end: start + content.length },
  }
}

/** The innermost closed `( )` whose whole content is chosen. */
function bracketAround(nodes: readonly PromptNode[], text: string, chosen: Span): EmphasisNode | undefined {
  for (const node of nodes) {
    if (node.start > chosen.start || node.end < chosen.end) continue
    const lists = childLists(node)
    const inner = lists.map((list) => bracketAround(list, text, chosen)).find(Boolean)
    if (inner !== undefined) return inner
    if (node.type === 'emphasis' && node.open === '(' && node.close !== '') {
      const content = trimmed(text, contentOf(node))
      if (content.start === chosen.start && content.end === chosen.end) return node
      if (content.start >= chosen.start && content.end <= chosen.end) return node
    }
  }
  return undefined
}

function childLists(node: PromptNode): readonly (readonly PromptNode[])[] {
  switch (node.type) {
    case 'emphasis':
    case 'braces':
      return [node.children]
    case 'schedule':
      return node.from === undefined ? [node.to] : [node.from, node.to]
    case 'alternate':
    case 'choice':
      return node.options
    case 'text':
    case 'network':
    case 'break':
      return []
    default:
      return node satisfies never
  }
}

function contentOf(node: EmphasisNode): Span {
  return { start: node.start + 1, end: node.end - node.close.length }
}

const WORD_BREAK = /[\s,.:;|()[\]{}<>]/

function wordAt(text: string, caret: number): Span {
  let start = caret
  let end = caret
  while (start > 0 && !WORD_BREAK.test(text[start - 1] ?? ' ')) start--
  while (end < text.length && !WORD_BREAK.test(text[end] ?? ' ')) end++
  return { start, end }
}

function trimmed(text: string, { start, end }: Span): Span {
  const slice = text.slice(start, end)
  const lead = slice.length - slice.trimStart().length
  return { start: start + lead, end: Math.max(start + lead, start + slice.trimEnd().length) }
}
