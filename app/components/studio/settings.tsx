'use client'
// All settings but the prompt, in the order people reach for them. Shown beside the feed on a desk, in a sheet on a phone.
import { useState } from 'react'
import { COUNT_MAX } from '#contracts/limits.ts'
import { messages } from '../../messages/index.ts'
import { type Draft, type StudioModel, settingsOf } from '../../studio/draft.ts'
import { updateDraft } from '../../studio/draft-store.ts'
import type { InputPicture } from '../../studio/use-input-picture.ts'
import { weightKeys } from '../../studio/weight-keys.ts'
import { Choice } from '../ui/choice.tsx'
import { Disclosure } from '../ui/disclosure.tsx'
import { SelectField } from '../ui/select-field.tsx'
import { AdvancedSettings } from './advanced-settings.tsx'
import { InputPictureField } from './input-picture-field.tsx'
import { ShapeChoice } from './shape-choice.tsx'

const t = messages.studio

interface SettingsProps {
  draft: Draft
  model: StudioModel
  models: readonly StudioModel[]
  input: InputPicture
}

export function Settings({ draft, model, models, input }: SettingsProps) {
  const { width, height } = settingsOf(draft, model)
  return (
    <div className="flex flex-col gap-5">
      <NegativePrompt value={draft.negativePrompt} />
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
      {models.length > 1 ? (
        <SelectField
          label={t.model}
          groups={[
            { label: null, options: models.map(({ id, name, summary }) => ({ value: id, label: name, summary })) },
          ]}
          value={model.id}
          defaultValue={models[0]?.id ?? model.id}
          onChange={(modelId) => updateDraft({ modelId })}
        />
      ) : null}
      <InputPictureField draft={draft} input={input} />
      <AdvancedSettings draft={draft} model={model} />
    </div>
  )
}

function NegativePrompt({ value }: { value: string }) {
  const [open, setOpen] = useState<boolean | null>(null)
  return (
    <Disclosure label={t.negative} open={open ?? value !== ''} onOpenChange={setOpen}>
      <div className="flex flex-col gap-1.5">
        <textarea
          aria-label={t.negative}
          dir="auto"
          rows={2}
          value={value}
          placeholder={t.negativePlaceholder}
          onChange={(event) => updateDraft({ negativePrompt: event.currentTarget.value })}
          onKeyDown={weightKeys((negativePrompt) => updateDraft({ negativePrompt }))}
          className="field-sizing-content min-h-11 w-full resize-none rounded-control border border-line-strong bg-raised px-3 py-2.5 text-base leading-6 transition-colors hover:border-ink-3 sm:text-sm"
        />
        <p className="text-ink-3 text-xs leading-5">{t.negativeHint}</p>
      </div>
    </Disclosure>
  )
}
