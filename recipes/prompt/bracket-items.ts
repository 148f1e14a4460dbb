// What stands between two brackets, and what the closing one makes of it: text, a schedule, an alternation or a weight. Pure
// functions; the walk over the characters is parse.ts.
import type { PromptNode, Span } from './ast.ts'
import { scanNumber, skipSpace } from './scan.ts'

/** What one bracket multiplies the weight by: A1111's round and square brackets. */
export const ROUND_WEIGHT = 1.1
export const SQUARE_WEIGHT = 1 / 1.1

/** Weights people use are between 0 and 2. The bound keeps any product of nested ones finite. */
export const WEIGHT_MAX = 100

/** A `:` or `|` at a bracket's own level, until the closing bracket decides what it meant. */
export interface Separator extends Span {
  readonly type: ':' | '|'
}
export type Item = PromptNode | Separator

/** `[…]`: alternation, schedule or less weight, by the separators inside. */
export function readSquare(
  text: string,
  items: readonly Item[],
  { start, end }: Span,
): { node: PromptNode; problem?: string } {
  if (items.some(isPipe)) return { node: { type: 'alternate', options: split(text, items, '|'), start, end } }
  const colons = items.filter(isColon)
  const last = colons.at(-1)
  const when = last && scanNumber(text, last.end, end - 1)
  const isTimed = when !== undefined && skipSpace(text, when.end, end - 1) === end - 1
  if (last !== undefined && isTimed && colons.length <= 2 && when.value >= 0) {
    const [first = [], second] = split(text, items.slice(0, items.lastIndexOf(last)), ':')
    const rawWhen = text.slice(last.end, end - 1)
    const from = second === undefined ? undefined : first
    const isShare = rawWhen.includes('.')
    return { node: { type: 'schedule', from, to: second ?? first, when: when.value, isShare, rawWhen, start, end } }
  }
  const children = asText(text, items)
  const problem = whyNoSchedule(colons.length, isTimed)
  return {
    node: { type: 'emphasis', open: '[', close: ']', weight: SQUARE_WEIGHT, children, start, end },
    ...(problem && { problem }),
  }
}

function whyNoSchedule(colonCount: number, isTimed: boolean): string | undefined {
  if (isTimed && colonCount > 2)
    return 'A schedule has two prompts at most, [from:to:when]; this is read as less weight'
  if (isTimed) return 'A schedule cannot start before the first step; this is read as less weight'
  if (colonCount === 2) return 'A schedule ends with a step or a share of the steps, [from:to:0.5]; this is less weight'
  return undefined
}

/** The items with separators as text, neighbouring texts joined. */
export function asText(text: string, items: readonly Item[]): PromptNode[] {
  const nodes: PromptNode[] = []
  let runStart = -1
  let runEnd = -1
  const endRun = () => {
    if (runStart >= 0) nodes.push(textNode(text, runStart, runEnd))
    runStart = -1
  }
  for (const item of items) {
    if (item.type === 'text' || isColon(item) || isPipe(item)) {
      if (runStart < 0) runStart = item.start
      runEnd = item.end
    } else {
      endRun()
      nodes.push(item)
    }
  }
  endRun()
  return nodes
}

export function split(text: string, items: readonly Item[], separator: ':' | '|'): PromptNode[][] {
  const sections: Item[][] = [[]]
  for (const item of items) {
    if (item.type === separator) sections.push([])
    else sections.at(-1)?.push(item)
  }
  return sections.map((section) => asText(text, section))
}

/** `… :1.2` at the end of a part whose last node is text. */
export function trailingWeight(
  text: string,
  last: Item | undefined,
  partStart: number,
  partEnd: number,
): { start: number; weight: number } | undefined {
  // Nothing but `:2` right after a bracket is a text node of its own, so the last node tells all.
  if (last?.type !== 'text' || last.end !== partEnd) return undefined
  // Only this node is searched: looking back through the whole prompt would make a wall of ANDs quadratic.
  const within = last.raw.lastIndexOf(':')
  const colon = last.start + within
  if (within < 0 || colon < partStart || text[colon - 1] === '\\') return undefined
  const number = scanNumber(text, colon + 1, partEnd)
  if (number === undefined || skipSpace(text, number.end, partEnd) !== partEnd) return undefined
  if (Math.abs(number.value) > WEIGHT_MAX) return undefined
  return { start: colon, weight: number.value }
}

export function textNode(text: string, start: number, end: number): PromptNode {
  return { type: 'text', raw: text.slice(start, end), start, end }
}

const isColon = (item: Item): item is Separator => item.type === ':'
export const isPipe = (item: Item): item is Separator => item.type === '|'
