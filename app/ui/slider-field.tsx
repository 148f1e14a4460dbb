'use client'
// A number with a range: slider for the hand, number field for the exact value, one sentence, reset.
import { NumberField } from '@base-ui/react/number-field'
import { Slider } from '@base-ui/react/slider'
import { FieldRow } from './field.tsx'

interface SliderFieldProps {
  label: string
  hint: string
  value: number
  /** The value the reset returns to. */
  defaultValue: number
  min: number
  max: number
  step: number
  onChange: (value: number) => void
}

export function SliderField({ label, hint, value, defaultValue, min, max, step, onChange }: SliderFieldProps) {
  return (
    <FieldRow
      label={
        <div className="flex flex-1 items-center justify-between gap-3">
          <span className="font-medium text-sm">{label}</span>
          <NumberField.Root
            value={value}
            min={min}
            max={max}
            step={step}
            onValueChange={(next) => {
              if (next !== null) onChange(next)
            }}
          >
            <NumberField.Input
              aria-label={label}
              className="h-9 w-16 rounded-control border border-transparent bg-sunken px-2 text-right text-base tabular-nums hover:border-line-strong sm:text-sm pointer-coarse:h-11"
            />
          </NumberField.Root>
        </div>
      }
      hint={hint}
      resets={label}
      onReset={value === defaultValue ? undefined : () => onChange(defaultValue)}
    >
      <Slider.Root
        value={value}
        min={min}
        max={max}
        step={step}
        onValueChange={(next) => onChange(Array.isArray(next) ? (next[0] ?? value) : next)}
      >
        <Slider.Control className="flex h-11 w-full touch-none select-none items-center px-2.5">
          <Slider.Track className="h-1 w-full rounded-full bg-line-strong">
            <Slider.Indicator className="rounded-full bg-accent" />
            <Slider.Thumb
              aria-label={label}
              className="size-5 rounded-full border-2 border-accent bg-raised shadow-sm has-[:focus-visible]:outline-2 has-[:focus-visible]:outline-accent has-[:focus-visible]:outline-offset-2"
            />
          </Slider.Track>
        </Slider.Control>
      </Slider.Root>
    </FieldRow>
  )
}
