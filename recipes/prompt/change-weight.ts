// Ctrl+Up and Ctrl+Down in the prompt box: the weight of the word at the caret, or of the selection, a step up or down.
import type { EmphasisNode, NetworkNode, Prompt, PromptNode, PromptPart, Span } from './ast.ts'
import { parsePrompt } from './parse.ts'

export interface WeightChange {
  readonly text: string
  /** The same words selected in the new text. */
  readonly selection: Span
}

/** Weights are shown and typed with at most two decimals. */
const DECIMALS = 100

/**
 * `(word:1.1)` around a plain word, another number in one that has it, no brackets once the weight is 1 again. With the caret in a
 * number, or in a `<lora:name:1>`, that number changes.
 * @param delta such as 0.1 or -0.1.
 */
export function changeWeight(text: string, selection: Span, delta: number): WeightChange {
  const prompt = parsePrompt(text)
  const next = (weight: number) => Math.round((weight + delta) * DECIMALS) / DECIMALS
  const number = numberAt(prompt, selection.end)
  if (number === 'fixed' && selection.start === selection.end) return { text, selection }
  // A number just changed is selected, so that the next press changes it again.
  if (
    number !== undefined &&
    number !== 'fixed' &&
    (selection.start === selection.end || selection.start >= number.start)
  ) {
    const written = `${number.before}${next(number.weight)}`
    const start = number.start + number.before.length
    return {
      text: text.slice(0, number.start) + written + text.slice(number.end),
      selection: { start, end: number.start + written.length },
    }
  }
  const chosen = selection.start === selection.end ? wordAt(text, selection.start) : trimmed(text, selection)
  const around = prompt.parts.map(({ nodes }) => bracketAround(nodes, text, chosen)).find(Boolean)
  const [outer, inner, weight] = around ? [around, contentOf(around), around.weight] : [chosen, chosen, 1]
  const content = text.slice(inner.start, inner.end)
  if (content === '') return { text, selection }
  const changed = next(weight)
  const [before, after] = changed === 1 ? ['', ''] : ['(', `:${changed})`]
  const start = outer.start + before.length
  return {
    text: text.slice(0, outer.start) + before + content + after + text.slice(outer.end),
    selection: { start, end: start + content.length },
  }
}

/** A weight as it is written: what takes its place is `before` and the new number. */
interface WrittenWeight extends Span {
  readonly before: string
  readonly weight: number
}

/** The number the caret stands in; `fixed` where it is one that is no weight. */
function numberAt({ parts }: Prompt, caret: number): WrittenWeight | 'fixed' | undefined {
  for (const part of parts) {
    if (caret < part.start || caret > part.end) continue
    const ofPart = partWeightAt(part, caret)
    if (ofPart !== undefined) return ofPart
    for (let nodes = part.nodes; ; ) {
      const node = nodes.find(({ start, end }) => start < caret && caret < end)
      if (node === undefined) break
      if (node.type === 'network') return networkScale(node)
      if (node.type === 'emphasis') {
        const { end } = contentOf(node)
        if (caret > end && node.close.startsWith(':'))
          return { start: end, end: node.end - 1, before: ':', weight: node.weight }
      }
      // A step or a share of the steps.
      if (node.type === 'schedule' && caret >= node.end - 1 - node.rawWhen.length) return 'fixed'
      nodes = childLists(node).find((list) => list.some(({ start, end }) => start < caret && caret <= end)) ?? []
    }
  }
  return undefined

  /** `a beach :1.2 AND …` */
  function partWeightAt({ end, rawWeight, weight }: PromptPart, caret: number): WrittenWeight | undefined {
    const start = end - rawWeight.length
    if (rawWeight === '' || caret <= start || caret > start + rawWeight.trimEnd().length) return undefined
    return { start, end: start + rawWeight.trimEnd().length, before: ':', weight }
  }

  function networkScale({ start, end, kind, name, scale, raw }: NetworkNode): WrittenWeight | 'fixed' {
    const head = `<${kind}:${name}`
    const written = raw.slice(head.length, -1)
    // A scale that is not one number is not ours to rewrite.
    if (written !== '' && !(Number(written.slice(1)) === scale && written.length > 1)) return 'fixed'
    return { start: start + head.length, end: end - 1, before: ':', weight: scale }
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

/** A backslash before the word is part of it, since a bracket put behind it would be escaped; the one of `\)` after it is not. */
function wordAt(text: string, caret: number): Span {
  let start = caret
  let end = caret
  while (start > 0 && !WORD_BREAK.test(text[start - 1] ?? ' ')) start--
  while (end < text.length && text[end] !== '\\' && !WORD_BREAK.test(text[end] ?? ' ')) end++
  while (end > start && text[end - 1] === '\\') end--
  return { start, end }
}

function trimmed(text: string, { start, end }: Span): Span {
  const slice = text.slice(start, end)
  const lead = slice.length - slice.trimStart().length
  return { start: start + lead, end: Math.max(start + lead, start + slice.trimEnd().length) }
}
