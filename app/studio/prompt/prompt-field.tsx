'use client'
// A prompt box that shows what its words come to: wrong ones underlined where they stand, weights tinted, windows of the text encoder
// divided. A text box cannot style parts of its text, so a copy of the text with only the marks visible lies exactly behind it.
import { type PointerEvent, useEffect, useId, useRef, useState } from 'react'
import { messages } from '#app/messages/index.ts'
import { cn } from '#app/ui/cn.ts'
import type { PromptProblem } from '#recipes/prompt/ast.ts'
import { moveMarks, NO_MARKS, problemAtCaret } from './prompt-marks.ts'
import { type MarkHit, PromptMirror, type PromptMirrorHandle } from './prompt-mirror.tsx'
import { PromptNotes, quoted } from './prompt-notes.tsx'
import type { AnalyzedPrompt } from './use-prompt-analysis.ts'
import { weightKeys } from './weight-keys.ts'

const t = messages.promptNotes

interface PromptFieldProps {
  id?: string
  name?: string
  /** Where no visible label names it. */
  label?: string
  value: string
  onChange: (value: string) => void
  placeholder: string
  rows: number
  analyzed: AnalyzedPrompt | undefined
  /** Said below it, above the notes. */
  error?: string | null
  /** Size and type of box and mirror alike. */
  textClass: string
  className?: string
  ref?: React.RefObject<HTMLTextAreaElement | null>
}

export function PromptField(props: PromptFieldProps) {
  const { id, name, label, value, onChange, placeholder, rows, analyzed, error = null, textClass, className } = props
  const own = useRef<HTMLTextAreaElement>(null)
  const box = props.ref ?? own
  const mirror = useRef<PromptMirrorHandle>(null)
  const notesId = useId()
  const errorId = useId()
  const [caret, setCaret] = useState<number | null>(null)
  const hover = useHoveredMark()

  const marks = analyzed === undefined ? NO_MARKS : moveMarks(analyzed.analysis, analyzed.text, value)
  const atCaret = caret === null ? undefined : problemAtCaret(marks.problems, caret)
  // Heard once: where the caret goes, or else the last thing that went wrong.
  const told = atCaret ?? marks.problems.at(-1)
  const followCaret = () => {
    const field = box.current
    setCaret(field !== null && field === document.activeElement ? field.selectionEnd : null)
  }
  const select = ({ start, end }: PromptProblem) => {
    box.current?.focus()
    box.current?.setSelectionRange(start, end)
  }
  return (
    <>
      <div
        className={cn(
          'relative rounded-control border border-line-strong bg-raised transition-colors hover:border-ink-3',
          error !== null && 'border-danger',
          className,
        )}
        onPointerLeave={hover.leave}
      >
        <PromptMirror ref={mirror} box={box} text={value} marks={marks} className={textClass} />
        <textarea
          ref={box}
          id={id}
          name={name}
          aria-label={label}
          dir="auto"
          rows={rows}
          value={value}
          placeholder={placeholder}
          aria-invalid={error !== null}
          aria-describedby={
            [error === null ? '' : errorId, analyzed === undefined ? '' : notesId].join(' ').trim() || undefined
          }
          onChange={(event) => {
            onChange(event.currentTarget.value)
            followCaret()
          }}
          onSelect={followCaret}
          onFocus={followCaret}
          onBlur={() => setCaret(null)}
          onScroll={() => {
            mirror.current?.align()
            hover.hide()
          }}
          onPointerMove={(event) => hover.move(event, mirror.current)}
          onKeyDown={weightKeys(onChange)}
          className={cn('relative block w-full resize-none rounded-[inherit] bg-transparent', textClass)}
        />
        {hover.mark === null ? null : <MarkBubble mark={hover.mark} onEnter={hover.stay} />}
      </div>
      {error === null ? null : (
        <p id={errorId} role="alert" className="text-danger text-sm leading-5">
          {error}
        </p>
      )}
      <PromptNotes id={notesId} analyzed={analyzed} current={atCaret} onSelect={select} />
      <p role="status" className="sr-only">
        {told === undefined ? '' : t.problem(quoted(value, told), told.message)}
      </p>
    </>
  )
}

/** The mark under a mouse. Stays while the pointer is on its bubble, goes with Escape. */
function useHoveredMark() {
  const [mark, setMark] = useState<MarkHit | null>(null)
  const isOpen = mark !== null
  const hideTimer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  const stay = () => clearTimeout(hideTimer.current)
  const hide = () => {
    stay()
    setMark(null)
  }
  useEffect(() => {
    if (!isOpen) return
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return
      // One Escape closes one thing: what is being made goes on.
      event.stopPropagation()
      setMark(null)
    }
    window.addEventListener('keydown', onKeyDown, true)
    return () => window.removeEventListener('keydown', onKeyDown, true)
  }, [isOpen])
  return {
    mark,
    stay,
    hide,
    leave: () => {
      stay()
      hideTimer.current = setTimeout(() => setMark(null), HIDE_AFTER_MS)
    },
    move: (event: PointerEvent, mirror: PromptMirrorHandle | null) => {
      if (event.pointerType === 'touch' || mirror === null) return
      stay()
      const found = mirror.markAt(event.clientX, event.clientY)
      setMark((before) => (found?.start === before?.start ? before : found))
    },
  }
}

/** Long enough to reach the bubble with the pointer. */
const HIDE_AFTER_MS = 300

function MarkBubble({ mark, onEnter }: { mark: MarkHit; onEnter: () => void }) {
  return (
    <div
      role="tooltip"
      onPointerEnter={onEnter}
      style={{ top: mark.bottom, left: mark.left }}
      className="absolute z-10 w-max max-w-64 rounded-control border border-line bg-raised px-3 py-2 text-ink-2 text-xs leading-5 shadow-float"
    >
      {mark.weight === undefined ? null : <span className="block font-medium text-ink">{t.times(mark.weight)}</span>}
      {mark.message === undefined ? null : `${mark.message}.`}
    </div>
  )
}
