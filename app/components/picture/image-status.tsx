'use client'
// What is happening to one image, in words, and the stop beside it. Numbers are the sampler's own.
import { RotateCcw, Square } from 'lucide-react'
import { useSyncExternalStore } from 'react'
import type { ImageDto } from '#contracts/generation.ts'
import { estimateTimeLeftMs } from '../../generations/estimate-time-left.ts'
import { useLiveSteps } from '../../generations/live-updates.tsx'
import { messages } from '../../messages/index.ts'
import { Button } from '../ui/button.tsx'

const t = messages.image

interface ImageStatusProps {
  image: ImageDto
  onCancel: () => void
  /** Absent where it cannot be tried again as it was. */
  onRetry: (() => void) | undefined
}

export function ImageStatus({ image, onCancel, onRetry }: ImageStatusProps) {
  if (image.status === 'queued') {
    return (
      <Line onCancel={onCancel}>
        <span className="text-ink">{t.queued}</span>
        {image.queuePosition === null ? null : <span>{t.ahead(image.queuePosition)}</span>}
      </Line>
    )
  }
  if (image.status === 'running') return <Running image={image} onCancel={onCancel} />
  if (image.status === 'failed') {
    return (
      <div className="flex flex-wrap items-center justify-between gap-x-3 gap-y-1 py-1.5">
        <p className="text-sm leading-5">
          <span className="text-danger">{image.error?.message ?? t.failed}</span>
          {onRetry ? null : ` ${t.addInputAgain}`}
        </p>
        {onRetry ? (
          <Button size="sm" onClick={onRetry}>
            <RotateCcw aria-hidden />
            {t.retry}
          </Button>
        ) : null}
      </div>
    )
  }
  if (image.status === 'canceled') {
    return (
      <div className="flex items-center justify-between gap-3 py-1.5 text-ink-2 text-sm">
        <span>
          {t.canceled}. {t.notCharged}
        </span>
      </div>
    )
  }
  return null
}

function Running({ image, onCancel }: { image: ImageDto; onCancel: () => void }) {
  const live = useLiveSteps()
  const step = useSyncExternalStore(
    (listener) => live.subscribe(image.id, listener),
    () => live.get(image.id),
    () => undefined,
  )
  const at = step?.step ?? image.step
  const of = step?.steps ?? image.steps
  const leftMs = step ? estimateTimeLeftMs(step.samples, of) : null
  return (
    <Line onCancel={onCancel} progress={of > 0 ? at / of : 0}>
      <span className="text-ink tabular-nums">{at === 0 ? t.starting : at >= of ? t.finishing : t.step(at, of)}</span>
      {leftMs === null || at >= of ? null : (
        <span className="tabular-nums">{t.timeLeft(Math.max(1, Math.ceil(leftMs / 1000)))}</span>
      )}
    </Line>
  )
}

interface LineProps {
  onCancel: () => void
  progress?: number
  children: React.ReactNode
}

function Line({ onCancel, progress, children }: LineProps) {
  return (
    <div>
      <div aria-hidden className="mt-2 h-0.5 overflow-hidden rounded-full bg-line">
        {progress === undefined ? null : (
          <div
            className="h-full origin-left bg-accent transition-transform duration-300"
            style={{ transform: `scaleX(${progress})` }}
          />
        )}
      </div>
      <div className="flex min-h-11 items-center justify-between gap-3">
        <p className="flex min-w-0 flex-wrap gap-x-2 text-ink-2 text-sm leading-5">{children}</p>
        <Button variant="ghost" size="sm" className="-mr-2" onClick={onCancel}>
          <Square aria-hidden />
          {t.cancel}
        </Button>
      </div>
    </div>
  )
}
