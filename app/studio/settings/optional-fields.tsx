'use client'
// Settings most pictures do without, in three groups; those that would change nothing beside the chosen sampler, schedule or guidance
// are not shown.
import { type ReactNode, useId, useState } from 'react'
import type { Draft } from '#app/draft/draft.ts'
import { updateDraft } from '#app/draft/draft-store.ts'
import { changedOptionalSettings } from '#app/draft/optional-settings.ts'
import { messages } from '#app/messages/index.ts'
import { Disclosure } from '#app/ui/disclosure.tsx'
import { SelectField } from '#app/ui/select-field.tsx'
import { SliderField } from '#app/ui/slider-field.tsx'
import { OPTIONAL_SETTING_NAMES, OPTIONAL_SETTINGS, type OptionalSetting, type Sampling } from '#contracts/settings.ts'
import { VariationField } from './variation-field.tsx'

const t = messages.studio.optional

const GROUPS = Object.keys(t.groups) as (keyof typeof t.groups)[]
/** What a list shows for "nothing chosen" where no value says what that means. */
const ABSENT = 'absent'

export function OptionalSettingsSection({ draft, sampling }: { draft: Draft; sampling: Sampling }) {
  const [open, setOpen] = useState(false)
  const changed = changedOptionalSettings(draft, sampling)
  return (
    <Disclosure
      label={t.label}
      note={changed === 0 ? undefined : messages.studio.changed(changed)}
      open={open}
      onOpenChange={setOpen}
    >
      {GROUPS.map((group) => (
        <Group key={group} title={t.groups[group]}>
          {OPTIONAL_SETTING_NAMES.filter((name) => OPTIONAL_SETTINGS[name].group === group).map((name) => (
            <OptionalField key={name} name={name} draft={draft} sampling={sampling} />
          ))}
        </Group>
      ))}
    </Disclosure>
  )
}

function OptionalField({ name, draft, sampling }: { name: OptionalSetting; draft: Draft; sampling: Sampling }) {
  const row = OPTIONAL_SETTINGS[name]
  const { label, hint, choices = {} } = t.settings[name]
  const usual = row.usual(sampling)
  if (usual === undefined) return null
  const value = draft[name] ?? usual
  /** A choice equal to what an absent one means is no choice. */
  const set = (next: unknown) => updateDraft({ [name]: next === usual ? null : next })
  switch (row.kind) {
    case 'number':
      return (
        <SliderField
          label={label}
          hint={hint ?? ''}
          value={Number(value)}
          defaultValue={Number(usual)}
          min={row.min}
          max={row.max}
          step={row.step}
          onChange={set}
        />
      )
    case 'choice':
      return (
        <SelectField
          label={label}
          groups={[{ label: null, options: Object.entries(choices).map(([key, words]) => ({ value: key, ...words })) }]}
          value={String(value ?? ABSENT)}
          defaultValue={String(usual ?? ABSENT)}
          onChange={(next) => set(row.values.find((each) => String(each) === next) ?? null)}
        />
      )
    case 'variation':
      return <VariationField variation={draft.variation} onChange={(variation) => updateDraft({ variation })} />
    default:
      return row satisfies never
  }
}

function Group({ title, children }: { title: string; children: ReactNode }) {
  const id = useId()
  return (
    <fieldset aria-labelledby={id} className="flex min-w-0 flex-col gap-4 border-line border-l-2 pl-4">
      <span id={id} className="text-ink-2 text-xs">
        {title}
      </span>
      {children}
    </fieldset>
  )
}
