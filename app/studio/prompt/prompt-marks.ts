// What the analysis says of a prompt as marks on its text: moved along while the analysis is a key stroke behind, cut into runs to
// be drawn, and found by place. Pure.
import type { PromptProblem, Span } from '#recipes/prompt/ast.ts'
import { difference } from './replace-text.ts'

export interface PromptMarks {
  readonly problems: readonly PromptProblem[]
  readonly weights: readonly (Span & { readonly weight: number })[]
  /** Where each window of the text encoder but the first starts. */
  readonly borders: readonly number[]
}

export const NO_MARKS: PromptMarks = { problems: [], weights: [], borders: [] }

/** The marks of `before` on `after`: those in front of the edit stay, those behind it move, those it touched go. */
export function moveMarks(marks: PromptMarks, before: string, after: string): PromptMarks {
  if (before === after) return marks
  const { start, end, inserted } = difference(before, after)
  const shift = start + inserted.length - end
  const moved = <Mark extends Span>(mark: Mark): Mark[] => {
    if (mark.end <= start) return [mark]
    return mark.start >= end ? [{ ...mark, start: mark.start + shift, end: mark.end + shift }] : []
  }
  return {
    problems: marks.problems.flatMap(moved),
    weights: marks.weights.flatMap(moved),
    borders: marks.borders.flatMap((at) => (at < start ? [at] : at >= end ? [at + shift] : [])),
  }
}

export interface MarkedRun {
  readonly start: number
  readonly text: string
  readonly problem: PromptProblem | undefined
  /** undefined: 1. */
  readonly weight: number | undefined
  /** Starts a window. */
  readonly isBorder: boolean
}

/** The text in runs of equal marks, joined the text again. Of overlapping problems the shorter is shown. */
export function markedRuns(text: string, { problems, weights, borders }: PromptMarks): MarkedRun[] {
  const problemAt = new Array<PromptProblem | undefined>(text.length)
  for (const problem of problems.toSorted((a, b) => b.end - b.start - (a.end - a.start))) {
    problemAt.fill(problem, problem.start, problem.end)
  }
  const weightAt = new Array<number | undefined>(text.length)
  for (const { start, end, weight } of weights) weightAt.fill(weight, start, end)
  const starts = new Set(borders)
  const runs: MarkedRun[] = []
  for (let start = 0, at = 1; at <= text.length; at++) {
    const goes = at < text.length && problemAt[at] === problemAt[start] && weightAt[at] === weightAt[start]
    if (goes && !starts.has(at)) continue
    const isBorder = starts.has(start)
    runs.push({ start, text: text.slice(start, at), problem: problemAt[start], weight: weightAt[start], isBorder })
    start = at
  }
  return runs
}

/** The problem the caret stands in or beside, the shortest of several. */
export function problemAtCaret(problems: readonly PromptProblem[], caret: number): PromptProblem | undefined {
  return problems
    .filter(({ start, end }) => start <= caret && caret <= end)
    .toSorted((a, b) => a.end - a.start - (b.end - b.start))[0]
}
