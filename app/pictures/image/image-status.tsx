'use client'
// What is happening to one image, in words, and the stop beside it. Numbers are the sampler's own.
import { RotateCcw, Square } from 'lucide-react'
import type { ReactNode } from 'react'
import { estimateTimeLeftMs } from '#app/generations/estimate-time-left.ts'
import { useLiveStep } from '#app/generations/live-updates.tsx'
import { locale, messages } from '#app/messages/index.ts'
import { Button } from '#app/ui/button.tsx'
import { cn } from '#app/ui/cn.ts'
import type { ImageDto } from '#contracts/generation.ts'

const t = messages.image

interface ImageStatusProps {
  image: ImageDto
  /** What is happening to it, where its status and steps do not say it. */
  words?: string | null
  onCancel: (image: ImageDto) => void
  /** How it is tried again, or why that is not offered here (PictureSource.retry). */
  retry: ((image: ImageDto) => void) | 'input-missing' | 'for-all'
  /** What can be done with it once it is done. */
  actions?: ReactNode
}

export function ImageStatus({ image, words = null, onCancel, retry, actions }: ImageStatusProps) {
  const cancel = () => onCancel(image)
  if (words !== null) {
    return (
      <StatusLine onCancel={cancel}>
        <span className="text-ink">{words}</span>
      </StatusLine>
    )
  }
  if (image.status === 'queued') {
    return (
      <StatusLine onCancel={cancel}>
        <span className="text-ink">{t.queued}</span>
        {image.queuePosition === null ? null : <span>{t.ahead(image.queuePosition)}</span>}
      </StatusLine>
    )
  }
  if (image.status === 'running') return <Running image={image} onCancel={cancel} />
  if (image.status === 'failed') {
    if (retry === 'for-all') return <div className="h-2" />
    return (
      <Row>
        {retry === 'input-missing' ? (
          <p className="text-ink-2 text-sm leading-5">{t.addInputAgain}</p>
        ) : (
          <Button size="sm" className="ml-auto" onClick={() => retry(image)}>
            <RotateCcw aria-hidden />
            {t.retry}
          </Button>
        )}
      </Row>
    )
  }
  if (image.status === 'canceled') {
    return (
      <Row>
        <p className="text-ink-2 text-sm leading-5">{t.stopped(1)}</p>
      </Row>
    )
  }
  return (
    <Row>
      <p className="min-w-0 truncate text-ink-3 text-xs tabular-nums">
        <span className="@max-[16rem]:hidden">{t.seed(image.seed)} · </span>
        {image.durationMs === null ? null : messages.detail.seconds(shortSeconds(image.durationMs))}
      </p>
      <div className="-mr-2 flex gap-1">{actions}</div>
    </Row>
  )
}

const shortSeconds = (ms: number): string => (ms / 1000).toLocaleString(locale, { maximumFractionDigits: 1 })

function Running({ image, onCancel }: { image: ImageDto; onCancel: () => void }) {
  const step = useLiveStep(image.id)
  const at = step?.step ?? image.step
  const of = step?.steps ?? image.steps
  const leftMs = step ? estimateTimeLeftMs(step.samples, of) : null
  return (
    <StatusLine onCancel={onCancel} progress={of > 0 ? at / of : 0}>
      <span className="text-ink tabular-nums">{at === 0 ? t.starting : at >= of ? t.finishing : t.step(at, of)}</span>
      {leftMs === null || at >= of ? null : (
        <span className="tabular-nums">{t.timeLeft(Math.max(1, Math.ceil(leftMs / 1000)))}</span>
      )}
    </StatusLine>
  )
}

interface LineProps {
  onCancel: () => void
  progress?: number
  children: ReactNode
}

/** Every state has the same height, so that nothing below moves when a picture is done. */
function Row({ progress, children }: { progress?: number; children: ReactNode }) {
  return (
    <div className="@container min-h-[3.375rem] pt-2">
      <div aria-hidden className={cn('h-0.5 overflow-hidden rounded-full', progress !== undefined && 'bg-line')}>
        {progress === undefined ? null : (
          <div
            className="h-full origin-left bg-accent transition-transform duration-300"
            style={{ transform: `scaleX(${progress})` }}
          />
        )}
      </div>
      <div className="flex min-h-11 items-center justify-between gap-2">{children}</div>
    </div>
  )
}

/** Words, a stop beside them, and above them how far it is. */
function StatusLine({ onCancel, progress = 0, children }: LineProps) {
  return (
    <Row progress={progress}>
      <p className="flex min-w-0 flex-wrap gap-x-2 text-ink-2 text-sm leading-5">{children}</p>
      <Button variant="ghost" size="sm" className="-mr-2" onClick={onCancel}>
        <Square aria-hidden />
        {t.cancel}
      </Button>
    </Row>
  )
}
