'use client'
// A second seed mixed in, and how much of it. The seed appears once there is something to mix.
import { NumberField } from '@base-ui/react/number-field'
import { Dices } from 'lucide-react'
import { drawSeed } from '#app/draft/draft.ts'
import type { OptionalSettings } from '#app/draft/optional-settings.ts'
import { messages } from '#app/messages/index.ts'
import { FieldRow, inputClass } from '#app/ui/field.tsx'
import { IconButton } from '#app/ui/icon-button.tsx'
import { SliderField } from '#app/ui/slider-field.tsx'
import { SEED_MAX } from '#contracts/limits.ts'

const t = messages.studio.optional
const words = t.settings.variation

interface VariationFieldProps {
  variation: OptionalSettings['variation']
  onChange: (variation: OptionalSettings['variation']) => void
}

export function VariationField({ variation, onChange }: VariationFieldProps) {
  const strength = variation?.strength ?? 0
  const seed = variation?.seed ?? 0
  return (
    <>
      <SliderField
        label={words.label}
        hint={words.hint ?? ''}
        value={strength}
        defaultValue={0}
        min={0}
        max={1}
        step={0.01}
        onChange={(next) => onChange({ seed: variation?.seed ?? drawSeed(), strength: next })}
      />
      {strength === 0 ? null : (
        <FieldRow label={<span className="font-medium text-sm">{t.variationSeed}</span>}>
          <div className="flex items-center gap-2">
            <NumberField.Root
              value={seed}
              min={0}
              max={SEED_MAX}
              step={1}
              format={{ useGrouping: false, maximumFractionDigits: 0 }}
              onValueChange={(next) => {
                if (next !== null) onChange({ seed: next, strength })
              }}
              className="min-w-0 flex-1"
            >
              <NumberField.Input aria-label={t.variationSeed} className={`${inputClass} tabular-nums`} />
            </NumberField.Root>
            <IconButton label={t.variationDice} onClick={() => onChange({ seed: drawSeed(), strength })}>
              <Dices aria-hidden />
            </IconButton>
          </div>
        </FieldRow>
      )}
    </>
  )
}
