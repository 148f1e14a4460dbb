'use client'
// Under a prompt box: how many tokens it is, which words weigh more or less, and what will not do what it looks like. A problem leads
// to its place; the one at the caret comes first.
import { messages } from '#app/messages/index.ts'
import { cn } from '#app/ui/cn.ts'
import type { PromptProblem, Span } from '#recipes/prompt/ast.ts'
import type { AnalyzedPrompt } from './use-prompt-analysis.ts'

const t = messages.promptNotes

/** More would push the settings away, and on a phone a second one already would; the rest is said as a number. */
const PROBLEMS_SHOWN = 3
const QUOTE_LENGTH_MAX = 40

interface PromptNotesProps {
  id: string
  analyzed: AnalyzedPrompt | undefined
  /** The problem at the caret. */
  current: PromptProblem | undefined
  onSelect: (problem: PromptProblem) => void
}

export function PromptNotes({ id, analyzed, current, onSelect }: PromptNotesProps) {
  if (analyzed === undefined) return null
  const { text, analysis } = analyzed
  const { tokens, bodyLength, chunkCount, weights, problems } = analysis
  const quote = (span: Span) => quoted(text, span)
  const isCurrent = (problem: PromptProblem) => problem.start === current?.start && problem.message === current.message
  const shown = problems.toSorted((a, b) => Number(isCurrent(b)) - Number(isCurrent(a))).slice(0, PROBLEMS_SHOWN)
  return (
    <div id={id} className="flex flex-col gap-1 text-xs leading-5">
      <p className="flex flex-wrap gap-x-3 text-ink-3 tabular-nums">
        <span>{t.tokens(tokens.length, bodyLength, chunkCount)}</span>
        {weights.map((weight) => (
          <span key={weight.start}>{t.weight(quote(weight), weight.weight)}</span>
        ))}
      </p>
      {problems.length === 0 ? null : (
        <ul className="-mx-2 flex flex-col text-ink-2">
          {shown.map((problem) => (
            <li key={`${problem.start} ${problem.message}`} className="max-lg:not-first:hidden">
              <button
                type="button"
                onClick={() => onSelect(problem)}
                aria-current={isCurrent(problem) ? 'true' : undefined}
                className="w-full rounded-md px-2 py-0.5 text-left transition-colors hover:bg-sunken aria-[current]:bg-danger-soft aria-[current]:text-ink pointer-coarse:py-3"
              >
                {t.problem(quote(problem), problem.message)}
              </button>
            </li>
          ))}
          <More count={problems.length - 1} className="lg:hidden" />
          <More count={problems.length - PROBLEMS_SHOWN} className="max-lg:hidden" />
        </ul>
      )}
    </div>
  )
}

function More({ count, className }: { count: number; className: string }) {
  return count > 0 ? <li className={cn('px-2', className)}>{t.more(count)}</li> : null
}

/** The words a note is about. */
export function quoted(text: string, { start, end }: Span): string {
  const words = text.slice(start, end).trim()
  return words.length > QUOTE_LENGTH_MAX ? `${words.slice(0, QUOTE_LENGTH_MAX).trimEnd()}…` : words
}
