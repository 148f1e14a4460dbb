'use client'
// All settings but the prompt, in the order people reach for them. Shown beside the feed on a desk, in a sheet on a phone.
import { type ReactNode, useState } from 'react'
import { type Draft, settingsOf } from '#app/draft/draft.ts'
import { updateDraft } from '#app/draft/draft-store.ts'
import { messages } from '#app/messages/index.ts'
import { Choice } from '#app/ui/choice.tsx'
import { Disclosure } from '#app/ui/disclosure.tsx'
import type { ModelDto } from '#contracts/api.ts'
import { COUNT_MAX } from '#contracts/limits.ts'
import { InputPictureField } from '../input/input-picture-field.tsx'
import type { InputPicture } from '../input/use-input-picture.ts'
import { PromptField } from '../prompt/prompt-field.tsx'
import { readingOf, usePromptAnalysis } from '../prompt/use-prompt-analysis.ts'
import { AdvancedSettings } from './advanced-settings.tsx'
import { ModelChoice } from './model-choice.tsx'
import { NetworkChoice } from './network-choice.tsx'
import { ShapeChoice } from './shape-choice.tsx'

const t = messages.studio

interface SettingsPanelProps {
  draft: Draft
  model: ModelDto
  models: readonly ModelDto[]
  input: InputPicture
  whereItRuns: ReactNode
}

export function SettingsPanel({ draft, model, models, input, whereItRuns }: SettingsPanelProps) {
  const { width, height } = settingsOf(draft, model)
  return (
    <div className="flex flex-col gap-5">
      <NegativePrompt draft={draft} model={model} />
      <ShapeChoice model={model} width={width} height={height} onChange={(size) => updateDraft({ size })} />
      <Choice
        label={t.count}
        value={draft.count}
        options={Array.from({ length: COUNT_MAX }, (_, at) => ({
          value: at + 1,
          name: t.countOption(at + 1),
          content: at + 1,
        }))}
        onChange={(count) => updateDraft({ count })}
      />
      <ModelChoice model={model} models={models} />
      <NetworkChoice draft={draft} family={model.family} />
      {whereItRuns}
      <InputPictureField draft={draft} input={input} />
      <AdvancedSettings draft={draft} model={model} />
    </div>
  )
}

function NegativePrompt({ draft, model }: Pick<SettingsPanelProps, 'draft' | 'model'>) {
  const [open, setOpen] = useState<boolean | null>(null)
  const value = draft.negativePrompt
  const analyzed = usePromptAnalysis(value, model, { ...readingOf(draft, model), isNegative: true })
  return (
    <Disclosure label={t.negative} open={open ?? value !== ''} onOpenChange={setOpen}>
      <div className="flex flex-col gap-1.5">
        <PromptField
          label={t.negative}
          rows={2}
          value={value}
          onChange={(negativePrompt) => updateDraft({ negativePrompt })}
          placeholder={t.negativePlaceholder}
          analyzed={analyzed}
          textClass="field-sizing-content min-h-11 px-3 py-2.5 text-base leading-6 sm:text-sm"
        />
        <p className="text-ink-3 text-xs leading-5">{t.negativeHint}</p>
      </div>
    </Disclosure>
  )
}
