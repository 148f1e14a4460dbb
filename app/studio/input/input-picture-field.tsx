'use client'
// The picture to start from: choose, preview, how far to move away from it.
import { ImagePlus, X } from 'lucide-react'
import { useRef } from 'react'
import { type Draft, STRENGTH_DEFAULT } from '#app/draft/draft.ts'
import { updateDraft } from '#app/draft/draft-store.ts'
import { messages } from '#app/messages/index.ts'
import { IconButton } from '#app/ui/icon-button.tsx'
import { SliderField } from '#app/ui/slider-field.tsx'
import { UPLOAD_CONTENT_TYPES } from '#contracts/limits.ts'
import type { InputPicture } from './use-input-picture.ts'

const t = messages.studio
/** 0 would do nothing; the slider starts where something happens. */
const STRENGTH_MIN = 0.05

export function InputPictureField({ draft, input }: { draft: Draft; input: InputPicture }) {
  const file = useRef<HTMLInputElement>(null)
  const source = input.previewUrl ?? draft.input?.url ?? null
  const choose = (files: FileList | null) => {
    const chosen = files?.[0]
    if (chosen) void input.choose(chosen)
  }
  return (
    <div className="flex flex-col gap-2">
      <span className="font-medium text-sm">{t.input}</span>
      <input
        ref={file}
        type="file"
        accept={UPLOAD_CONTENT_TYPES.join(',')}
        aria-label={t.inputChoose}
        tabIndex={-1}
        className="sr-only"
        onChange={(event) => {
          choose(event.currentTarget.files)
          event.currentTarget.value = ''
        }}
      />
      {source === null ? (
        <button
          type="button"
          onClick={() => file.current?.click()}
          className="flex min-h-11 items-center gap-3 rounded-control border border-line-strong border-dashed px-3 py-2.5 text-left text-ink-2 text-sm transition-colors hover:border-ink-3 hover:text-ink"
        >
          <ImagePlus aria-hidden className="size-4 shrink-0" />
          <span>{t.inputChoose}</span>
        </button>
      ) : (
        <div className="flex items-center gap-3 rounded-control bg-sunken p-2">
          {/* biome-ignore lint/performance/noImgElement: a blob of this browser, or private bytes behind the session */}
          <img src={source} alt={t.inputAlt} className="size-16 rounded-md bg-frame object-cover" />
          <InputState draft={draft} input={input} />
          <IconButton label={t.inputRemove} onClick={input.remove}>
            <X aria-hidden />
          </IconButton>
        </div>
      )}
      {input.problem === null ? (
        source === null ? (
          <p className="text-ink-3 text-xs leading-5">{t.inputHint}</p>
        ) : null
      ) : (
        <p role="alert" className="text-danger text-sm leading-5">
          {input.problem}
        </p>
      )}
      {draft.input === null ? null : (
        <SliderField
          label={t.strength}
          hint={t.strengthHint}
          value={draft.strength}
          defaultValue={STRENGTH_DEFAULT}
          min={STRENGTH_MIN}
          max={1}
          step={0.05}
          onChange={(strength) => updateDraft({ strength })}
        />
      )}
    </div>
  )
}

function InputState({ draft, input }: { draft: Draft; input: InputPicture }) {
  const { progress } = input
  if (progress?.phase === 'sending') {
    const percent = Math.round(progress.fraction * 100)
    return (
      <div className="min-w-0 flex-1">
        <p className="text-ink-2 text-xs leading-5 tabular-nums">{t.inputUploading(percent)}</p>
        <div className="mt-1 h-1 overflow-hidden rounded-full bg-line-strong">
          <div className="h-full origin-left bg-accent" style={{ transform: `scaleX(${progress.fraction})` }} />
        </div>
      </div>
    )
  }
  return (
    <p className="min-w-0 flex-1 text-ink-2 text-xs leading-5 tabular-nums">
      {progress?.phase === 'checking'
        ? t.inputChecking
        : draft.input
          ? t.inputReady(draft.input.width, draft.input.height)
          : null}
    </p>
  )
}
