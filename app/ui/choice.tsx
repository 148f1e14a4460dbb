'use client'
// One of a few, all visible: a radio group drawn as tiles. Arrow keys move, as in any radio group.
import { Radio } from '@base-ui/react/radio'
import { RadioGroup } from '@base-ui/react/radio-group'
import { type ReactNode, useId } from 'react'
import { cn } from './cn.ts'

interface ChoiceProps<Value extends string | number> {
  label: string
  value: Value
  options: readonly { value: Value; name: string; content: ReactNode }[]
  onChange: (value: Value) => void
  className?: string
  tileClassName?: string
}

export function Choice<Value extends string | number>(props: ChoiceProps<Value>) {
  const { label, value, options, onChange, className, tileClassName } = props
  const id = useId()
  return (
    <div className="flex flex-col gap-2">
      <span id={id} className="font-medium text-sm">
        {label}
      </span>
      <RadioGroup<Value>
        aria-labelledby={id}
        value={value}
        onValueChange={(next) => onChange(next)}
        className={cn('flex flex-wrap gap-2', className)}
      >
        {options.map((option) => (
          <Radio.Root
            key={option.value}
            value={option.value}
            aria-label={option.name}
            className={cn(
              'flex min-h-11 min-w-11 cursor-pointer select-none items-center justify-center rounded-control border border-line-strong bg-raised px-3 text-ink-2 text-sm tabular-nums transition-colors hover:border-ink-3 data-checked:border-accent data-checked:bg-accent-soft data-checked:text-ink',
              tileClassName,
            )}
          >
            {option.content}
          </Radio.Root>
        ))}
      </RadioGroup>
    </div>
  )
}
