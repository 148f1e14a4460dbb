'use client'
// Everything past shape and count, each with one plain sentence and its own reset to what the model suggests.
import { useState } from 'react'
import { changedSettings, type Draft, type StudioModel, settingsOf } from '#app/draft/draft.ts'
import { updateDraft } from '#app/draft/draft-store.ts'
import { messages } from '#app/messages/index.ts'
import { Disclosure } from '#app/ui/disclosure.tsx'
import { SelectField } from '#app/ui/select-field.tsx'
import { SliderField } from '#app/ui/slider-field.tsx'
import { GUIDANCE_SCALE_MAX, STEPS_MAX, STEPS_MIN } from '#contracts/limits.ts'
import { SAMPLER_IDS, SAMPLERS, type SamplerGroup, SCHEDULE_IDS, SCHEDULES } from '#contracts/samplers.ts'
import { OptionalSettingsSection } from './optional-fields.tsx'
import { SeedField } from './seed-field.tsx'

const t = messages.studio

const GROUPS = Object.keys(t.samplerGroups) as SamplerGroup[]
const SAMPLER_GROUPS = GROUPS.map((group) => ({
  label: t.samplerGroups[group],
  options: SAMPLER_IDS.filter((id) => SAMPLERS[id].group === group).map((id) => ({
    value: id,
    label: SAMPLERS[id].label,
    summary: SAMPLERS[id].summary,
  })),
})).filter((group) => group.options.length > 0)

const SCHEDULE_GROUPS = [
  {
    label: null,
    options: SCHEDULE_IDS.map((id) => ({ value: id, label: SCHEDULES[id].label, summary: SCHEDULES[id].summary })),
  },
]

/** A choice equal to the suggestion is no choice: the next model may suggest better. */
const unless = <Value,>(value: Value, suggested: Value): Value | null => (value === suggested ? null : value)

export function AdvancedSettings({ draft, model }: { draft: Draft; model: StudioModel }) {
  const [open, setOpen] = useState(false)
  const { defaults } = model
  const settings = settingsOf(draft, model)
  const changed = changedSettings(draft, model)
  return (
    <Disclosure
      label={t.advanced}
      note={changed === 0 ? undefined : t.changed(changed)}
      open={open}
      onOpenChange={setOpen}
    >
      <SliderField
        label={t.steps}
        hint={t.stepsHint}
        value={settings.steps}
        defaultValue={defaults.steps}
        min={STEPS_MIN}
        max={STEPS_MAX}
        step={1}
        onChange={(steps) => updateDraft({ steps: unless(steps, defaults.steps) })}
      />
      <SliderField
        label={t.guidance}
        hint={t.guidanceHint}
        value={settings.guidanceScale}
        defaultValue={defaults.guidanceScale}
        min={0}
        max={GUIDANCE_SCALE_MAX}
        step={0.5}
        onChange={(scale) => updateDraft({ guidanceScale: unless(scale, defaults.guidanceScale) })}
      />
      <SelectField
        label={t.sampler}
        groups={SAMPLER_GROUPS}
        value={settings.sampler}
        defaultValue={defaults.sampler}
        onChange={(sampler) => updateDraft({ sampler: unless(sampler, defaults.sampler) })}
      />
      <SelectField
        label={t.schedule}
        groups={SCHEDULE_GROUPS}
        value={settings.schedule}
        defaultValue={defaults.schedule}
        onChange={(schedule) => updateDraft({ schedule: unless(schedule, defaults.schedule) })}
      />
      <SeedField seed={draft.seed} onChange={(seed) => updateDraft({ seed })} />
      <OptionalSettingsSection draft={draft} sampling={settings} />
    </Disclosure>
  )
}
