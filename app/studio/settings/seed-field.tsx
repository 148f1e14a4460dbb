'use client'
// The seed: empty means a new one each time, the dice draws one to keep, the lock lets go of it.
import { NumberField } from '@base-ui/react/number-field'
import { Dices, Lock, LockOpen } from 'lucide-react'
import { drawSeed } from '#app/draft/draft.ts'
import { messages } from '#app/messages/index.ts'
import { FieldRow, inputClass } from '#app/ui/field.tsx'
import { IconButton } from '#app/ui/icon-button.tsx'
import { SEED_MAX } from '#contracts/limits.ts'

interface SeedFieldProps {
  seed: number | null
  onChange: (seed: number | null) => void
}

export function SeedField({ seed, onChange }: SeedFieldProps) {
  const t = messages.studio
  const locked = seed !== null
  return (
    <FieldRow
      label={<span className="font-medium text-sm">{t.seed}</span>}
      hint={t.seedHint}
      resets={t.seed}
      onReset={locked ? () => onChange(null) : undefined}
    >
      <div className="flex items-center gap-2">
        <NumberField.Root
          value={seed}
          min={0}
          max={SEED_MAX}
          step={1}
          format={{ useGrouping: false, maximumFractionDigits: 0 }}
          onValueChange={onChange}
          className="min-w-0 flex-1"
        >
          <NumberField.Input
            aria-label={t.seed}
            placeholder={t.seedRandom}
            className={`${inputClass} h-11 tabular-nums`}
          />
        </NumberField.Root>
        <IconButton label={t.seedDice} onClick={() => onChange(drawSeed())}>
          <Dices aria-hidden />
        </IconButton>
        <IconButton
          label={locked ? t.seedUnlock : t.seedLock}
          aria-pressed={locked}
          onClick={() => onChange(locked ? null : drawSeed())}
        >
          {locked ? <Lock aria-hidden /> : <LockOpen aria-hidden />}
        </IconButton>
      </div>
    </FieldRow>
  )
}
