'use client'
// Settings most pictures do without, in three groups; those the chosen sampler, schedule or guidance does not take are not shown.
import { type ReactNode, useId, useState } from 'react'
import type { Draft } from '#app/draft/draft.ts'
import { updateDraft } from '#app/draft/draft-store.ts'
import {
  changedOptionalSettings,
  hasEffect,
  type OptionalSettings,
  type Sampling,
} from '#app/draft/optional-settings.ts'
import { messages } from '#app/messages/index.ts'
import { Disclosure } from '#app/ui/disclosure.tsx'
import { SelectField } from '#app/ui/select-field.tsx'
import { SliderField } from '#app/ui/slider-field.tsx'
import { defaultEta, defaultRho } from '#recipes/sampler-options.ts'
import { VariationField } from './variation-field.tsx'

const t = messages.studio.optional

/** A choice equal to what an absent one means is no choice. */
const unless = <Value,>(value: Value, usual: Value): Value | null => (value === usual ? null : value)
const set = (change: Partial<OptionalSettings>) => updateDraft(change)
const optionsOf = <Id extends string>(facts: Record<Id, { label: string; summary: string }>) => [
  { label: null, options: (Object.keys(facts) as Id[]).map((value) => ({ value, ...facts[value] })) },
]

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
      <SamplingGroup draft={draft} sampling={sampling} />
      <Group title={t.noiseGroup}>
        <SelectField
          label={t.noise}
          groups={optionsOf(t.noises)}
          value={draft.noise ?? 'philox'}
          defaultValue="philox"
          onChange={(noise) => set({ noise: unless(noise, 'philox') })}
        />
        <VariationField variation={draft.variation} onChange={(variation) => set({ variation })} />
      </Group>
      <Group title={t.other}>
        <SelectField
          label={t.weighting}
          groups={optionsOf(t.weightings)}
          value={draft.weighting ?? 'a1111'}
          defaultValue="a1111"
          onChange={(weighting) => set({ weighting: unless(weighting, 'a1111') })}
        />
        <SelectField
          label={t.tiling}
          groups={optionsOf(t.tilings)}
          value={draft.tiling ?? 'none'}
          defaultValue="none"
          onChange={(tiling) => set({ tiling: tiling === 'none' ? null : tiling })}
        />
      </Group>
    </Disclosure>
  )
}

function SamplingGroup({ draft, sampling }: { draft: Draft; sampling: Sampling }) {
  const takes = (field: keyof OptionalSettings) => hasEffect(field, sampling)
  const eta = defaultEta(sampling.sampler)
  const rho = defaultRho(sampling.schedule)
  const { zeroTerminalSnr } = draft
  return (
    <Group title={t.sampling}>
      {takes('guidanceRescale') ? (
        <SliderField
          label={t.guidanceRescale}
          hint={t.guidanceRescaleHint}
          value={draft.guidanceRescale ?? 0}
          defaultValue={0}
          min={0}
          max={1}
          step={0.05}
          onChange={(value) => set({ guidanceRescale: unless(value, 0) })}
        />
      ) : null}
      {eta === undefined ? null : (
        <SliderField
          label={t.eta}
          hint={t.etaHint}
          value={draft.eta ?? eta}
          defaultValue={eta}
          min={0}
          max={1}
          step={0.05}
          onChange={(value) => set({ eta: unless(value, eta) })}
        />
      )}
      {takes('sChurn') ? (
        <SliderField
          label={t.sChurn}
          hint={t.sChurnHint}
          value={draft.sChurn ?? 0}
          defaultValue={0}
          min={0}
          max={100}
          step={0.5}
          onChange={(value) => set({ sChurn: unless(value, 0) })}
        />
      ) : null}
      {takes('sNoise') ? (
        <SliderField
          label={t.sNoise}
          hint={t.sNoiseHint}
          value={draft.sNoise ?? 1}
          defaultValue={1}
          min={0}
          max={2}
          step={0.01}
          onChange={(value) => set({ sNoise: unless(value, 1) })}
        />
      ) : null}
      {takes('sdeNoise') ? (
        <SelectField
          label={t.sdeNoise}
          groups={optionsOf(t.sdeNoises)}
          value={draft.sdeNoise ?? 'own'}
          defaultValue="own"
          onChange={(value) => set({ sdeNoise: value === 'own' ? null : value })}
        />
      ) : null}
      {rho === undefined ? null : (
        <SliderField
          label={t.rho}
          hint={t.rhoHint}
          value={draft.rho ?? rho}
          defaultValue={rho}
          min={0.1}
          max={30}
          step={0.1}
          onChange={(value) => set({ rho: unless(value, rho) })}
        />
      )}
      <SelectField
        label={t.zeroTerminalSnr}
        groups={optionsOf(t.zeroTerminalSnrs)}
        value={zeroTerminalSnr === null ? 'model' : zeroTerminalSnr ? 'on' : 'off'}
        defaultValue="model"
        onChange={(value) => set({ zeroTerminalSnr: value === 'model' ? null : value === 'on' })}
      />
    </Group>
  )
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
