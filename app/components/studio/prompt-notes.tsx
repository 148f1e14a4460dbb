'use client'
// Under a prompt box: how many tokens it is, which words weigh more or less, and what will not do what it looks like.
import { messages } from '../../messages/index.ts'
import type { AnalyzedPrompt } from '../../studio/use-prompt-analysis.ts'

const t = messages.promptNotes

/** More would push the settings away; the rest is said as a number. */
const PROBLEMS_SHOWN = 3

export function PromptNotes({ analyzed }: { analyzed: AnalyzedPrompt | undefined }) {
  if (analyzed === undefined) return null
  const { text, analysis } = analyzed
  const { tokens, bodyLength, chunkCount, weights, problems } = analysis
  const quote = ({ start, end }: { start: number; end: number }) => text.slice(start, end).trim().slice(0, 40)
  return (
    <div className="flex flex-col gap-1 text-xs leading-5">
      <p className="flex flex-wrap gap-x-3 text-ink-3 tabular-nums">
        <span>{t.tokens(tokens.length, bodyLength, chunkCount)}</span>
        {weights.map((weight) => (
          <span key={weight.start}>{t.weight(quote(weight), weight.weight)}</span>
        ))}
      </p>
      {problems.length === 0 ? null : (
        <ul aria-live="polite" className="flex flex-col gap-1 text-ink-2">
          {problems.slice(0, PROBLEMS_SHOWN).map((problem) => (
            <li key={`${problem.start} ${problem.message}`}>{t.problem(quote(problem), problem.message)}</li>
          ))}
          {problems.length > PROBLEMS_SHOWN ? <li>{t.more(problems.length - PROBLEMS_SHOWN)}</li> : null}
        </ul>
      )}
    </div>
  )
}
