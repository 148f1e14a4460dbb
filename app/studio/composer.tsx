'use client'
// The prompt, the settings and the button. A column beside the feed on a desk; on a phone the prompt and the button stay
// within thumb reach at the bottom and the settings come up in a sheet.
import { SlidersHorizontal } from 'lucide-react'
import Link from 'next/link'
import { useRef, useState } from 'react'
import type { Draft } from '#app/draft/draft.ts'
import { updateDraft } from '#app/draft/draft-store.ts'
import { messages } from '#app/messages/index.ts'
import { Button } from '#app/ui/button.tsx'
import { Dialog } from '#app/ui/dialog.tsx'
import type { MeDto } from '#contracts/generation.ts'
import { PROMPT_LENGTH_MAX } from '#contracts/limits.ts'
import { PromptField } from './prompt/prompt-field.tsx'
import type { AnalyzedPrompt } from './prompt/use-prompt-analysis.ts'

const t = messages.studio

interface ComposerProps {
  draft: Draft
  me: MeDto | null | undefined
  /** Said once the person tried to generate something that cannot be. */
  problem: string | null
  /** No worker, no models: what stands in the way, if anything. */
  notice: string | null
  ready: boolean
  settings: React.ReactNode
  /** How many settings differ from what the model suggests. */
  changed: number
  /** What the prompt comes to; absent until it is known. */
  analyzed: AnalyzedPrompt | undefined
  /** What a picture costs that this device makes; null where the server makes it, from the day's allowance. */
  free: string | null
  onGenerate: () => void
}

export function Composer({
  draft,
  me,
  problem,
  notice,
  ready,
  settings,
  changed,
  analyzed,
  free,
  onGenerate,
}: ComposerProps) {
  const [sheet, setSheet] = useState(false)
  const prompt = useRef<HTMLTextAreaElement>(null)
  const left = me ? Math.max(0, me.allowance.limit - me.allowance.used) : null
  const tooLong = draft.prompt.length > PROMPT_LENGTH_MAX ? t.promptTooLong(PROMPT_LENGTH_MAX) : null
  const said = tooLong ?? problem
  return (
    <form
      aria-label={t.title}
      className="fixed inset-x-0 bottom-0 z-20 flex flex-col border-line border-t bg-raised pb-[env(safe-area-inset-bottom)] lg:sticky lg:top-14 lg:h-[calc(100dvh-3.5rem)] lg:border-t-0 lg:border-r lg:bg-surface"
      onSubmit={(event) => {
        event.preventDefault()
        onGenerate()
        if (draft.prompt.trim() === '') prompt.current?.focus()
      }}
    >
      <div className="flex min-h-0 flex-col gap-3 px-3 pt-3 lg:flex-1 lg:gap-5 lg:overflow-y-auto lg:px-5 lg:pt-5 lg:pb-6">
        <div className="flex flex-col gap-2">
          <label htmlFor="prompt" className="font-medium text-sm max-lg:sr-only">
            {t.prompt}
          </label>
          <PromptField
            ref={prompt}
            id="prompt"
            name="prompt"
            rows={1}
            value={draft.prompt}
            onChange={(prompt) => updateDraft({ prompt })}
            placeholder={t.promptPlaceholder}
            analyzed={analyzed}
            error={said}
            textClass="field-sizing-content max-h-36 min-h-11 px-3 py-2.5 text-base leading-6 lg:max-h-80 lg:min-h-28 lg:text-[15px]"
          />
        </div>
        <div className="max-lg:hidden">{settings}</div>
      </div>
      <div className="flex flex-col gap-2 px-3 py-3 lg:border-line lg:border-t lg:px-5 lg:py-4">
        <div className="flex gap-2">
          <Button className="lg:hidden" onClick={() => setSheet(true)} aria-label={settingsName(changed)}>
            <SlidersHorizontal aria-hidden />
            {changed > 0 ? <span className="tabular-nums">{changed}</span> : null}
          </Button>
          <Button
            type="submit"
            variant="primary"
            className="min-w-0 flex-1"
            aria-disabled={!ready || (left === 0 && free === null)}
          >
            {t.generate(draft.count)}
          </Button>
        </div>
        <p className="min-h-5 text-center text-ink-3 text-xs leading-5 tabular-nums lg:text-left">
          {notice ??
            free ??
            (left === null ? null : <Allowance left={left} count={draft.count} guest={me?.isGuest ?? false} />)}
        </p>
      </div>
      <Dialog open={sheet} onOpenChange={setSheet} title={t.settingsTitle}>
        {settings}
        <Button variant="primary" className="mt-5 w-full" onClick={() => setSheet(false)}>
          {t.done}
        </Button>
      </Dialog>
    </form>
  )
}

const settingsName = (changed: number): string => (changed === 0 ? t.settings : `${t.settings}, ${t.changed(changed)}`)

function Allowance({ left, count, guest }: { left: number; count: number; guest: boolean }) {
  if (left >= count) return t.cost(count, left)
  return (
    <>
      {left === 0 ? t.allowanceOut : t.cost(count, left)}
      {guest ? (
        <>
          {'. '}
          <Link href="/sign-up" className="text-accent underline underline-offset-2">
            {t.allowanceMore}
          </Link>
        </>
      ) : null}
    </>
  )
}
