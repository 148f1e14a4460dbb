'use client'
// The copy of a prompt that lies behind its box and shows the marks alone: same type, same width, same scrolling, no visible letters.
import { type Ref, type RefObject, useImperativeHandle, useLayoutEffect, useRef } from 'react'
import { cn } from '#app/ui/cn.ts'
import { type MarkedRun, markedRuns, type PromptMarks } from './prompt-marks.ts'

/** A mark under the pointer, and where its bubble goes, in pixels of the field. */
export interface MarkHit {
  readonly start: number
  readonly message: string | undefined
  readonly weight: number | undefined
  readonly left: number
  readonly bottom: number
}

export interface PromptMirrorHandle {
  /** Follows the box: its scroll position, and the width its scroll bar leaves. */
  align(): void
  markAt(clientX: number, clientY: number): MarkHit | null
}

/** Width of the bubble, which must not stand out of the field. */
const BUBBLE_WIDTH_PX = 256
const BUBBLE_GAP_PX = 4

interface PromptMirrorProps {
  ref: Ref<PromptMirrorHandle>
  box: RefObject<HTMLTextAreaElement | null>
  text: string
  marks: PromptMarks
  className: string
}

export function PromptMirror({ ref, box, text, marks, className }: PromptMirrorProps) {
  const mirror = useRef<HTMLDivElement>(null)
  const runs = markedRuns(text, marks)
  const align = () => {
    if (mirror.current === null || box.current === null) return
    mirror.current.style.width = `${box.current.clientWidth}px`
    mirror.current.scrollTop = box.current.scrollTop
  }
  useLayoutEffect(align)
  useLayoutEffect(() => {
    if (box.current === null) return
    const observer = new ResizeObserver(align)
    observer.observe(box.current)
    return () => observer.disconnect()
  })
  useImperativeHandle(ref, () => ({
    align,
    markAt(x, y) {
      const frame = mirror.current
      if (frame === null) return null
      for (const element of frame.querySelectorAll<HTMLElement>('[data-run]')) {
        for (const rect of element.getClientRects()) {
          if (x < rect.left || x > rect.right || y < rect.top || y > rect.bottom) continue
          const run = runs.find(({ start }) => start === Number(element.dataset.run))
          if (run === undefined) return null
          const within = frame.getBoundingClientRect()
          const furthest = Math.max(0, within.width - BUBBLE_WIDTH_PX)
          return {
            start: run.start,
            message: run.problem?.message,
            weight: run.weight,
            left: Math.min(furthest, Math.max(0, rect.left - within.left)),
            bottom: rect.bottom - within.top + BUBBLE_GAP_PX,
          }
        }
      }
      return null
    },
  }))
  return (
    <div
      ref={mirror}
      aria-hidden
      dir="auto"
      className={cn(
        'pointer-events-none absolute inset-y-0 start-0 select-none overflow-hidden whitespace-pre-wrap text-transparent [overflow-wrap:break-word]',
        className,
      )}
    >
      {runs.map((run) => (
        <Run key={run.start} run={run} />
      ))}
      {/* A last line that is empty has its height too. */}
      {'\u200b'}
    </div>
  )
}

function Run({ run }: { run: MarkedRun }) {
  const { start, text, problem, weight, isBorder } = run
  if (problem === undefined && weight === undefined && !isBorder) return text
  const isMarked = problem !== undefined || weight !== undefined
  return (
    <span
      data-run={isMarked ? start : undefined}
      className={cn(
        'rounded-[3px]',
        // Where a window begins is one place, not one on each line of it.
        isBorder ? 'shadow-[-2px_0_0_var(--accent)]' : '[box-decoration-break:clone]',
        weight !== undefined && (weight > 1 ? 'bg-accent-soft' : 'bg-sunken'),
        problem !== undefined &&
          'underline decoration-danger decoration-wavy [text-decoration-skip-ink:none] [text-underline-offset:3px]',
      )}
    >
      {text}
    </span>
  )
}
