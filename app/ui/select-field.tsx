'use client'
// A list to choose one from, grouped, each option with its one sentence.
import { Select } from '@base-ui/react/select'
import { Check, ChevronsUpDown } from 'lucide-react'
import { FieldRow } from './field.tsx'

export interface SelectOption<Value extends string> {
  value: Value
  label: string
  summary?: string
}
export interface SelectGroup<Value extends string> {
  /** Shown above its options; null for a list without groups. */
  label: string | null
  options: readonly SelectOption<Value>[]
}

interface SelectFieldProps<Value extends string> {
  label: string
  groups: readonly SelectGroup<Value>[]
  value: Value
  defaultValue: Value
  onChange: (value: Value) => void
}

export function SelectField<Value extends string>(props: SelectFieldProps<Value>) {
  const { label, groups, value, defaultValue, onChange } = props
  const options = groups.flatMap((group) => group.options)
  const chosen = options.find((option) => option.value === value)
  return (
    <Select.Root
      items={options.map((option) => ({ value: option.value, label: option.label }))}
      value={value}
      onValueChange={(next) => {
        if (next !== null) onChange(next)
      }}
    >
      <FieldRow
        label={<Select.Label className="cursor-default font-medium text-sm">{label}</Select.Label>}
        hint={chosen?.summary}
        resets={label}
        onReset={value === defaultValue ? undefined : () => onChange(defaultValue)}
      >
        <Select.Trigger className="flex h-11 w-full select-none items-center justify-between gap-3 rounded-control border border-line-strong bg-raised px-3 text-left text-sm transition-colors hover:border-ink-3 data-popup-open:border-accent">
          <Select.Value className="truncate" />
          <Select.Icon>
            <ChevronsUpDown aria-hidden className="size-4 text-ink-3" />
          </Select.Icon>
        </Select.Trigger>
      </FieldRow>
      <Select.Portal>
        <Select.Positioner sideOffset={6} alignItemWithTrigger={false} className="z-50 select-none outline-hidden">
          <Select.Popup className="max-h-(--available-height) w-(--anchor-width) min-w-72 origin-(--transform-origin) overflow-y-auto overscroll-contain rounded-card border border-line bg-raised p-1.5 shadow-float transition-[scale,opacity] duration-100 data-ending-style:scale-[0.98] data-starting-style:scale-[0.98] data-ending-style:opacity-0 data-starting-style:opacity-0">
            <Select.List>
              {groups.map((group) => (
                <Select.Group key={group.label ?? ''} className="pb-1 last:pb-0">
                  {group.label === null ? null : (
                    <Select.GroupLabel className="px-2.5 pt-2 pb-1 text-ink-3 text-xs">{group.label}</Select.GroupLabel>
                  )}
                  {group.options.map((option) => (
                    <Select.Item
                      key={option.value}
                      value={option.value}
                      className="grid min-h-11 cursor-default grid-cols-[1fr_1rem] items-center gap-x-3 rounded-md px-2.5 py-2 text-sm outline-hidden data-highlighted:bg-sunken"
                    >
                      <span>
                        <Select.ItemText className="block text-ink">{option.label}</Select.ItemText>
                        {option.summary ? (
                          <span className="block text-ink-3 text-xs leading-5">{option.summary}</span>
                        ) : null}
                      </span>
                      <Select.ItemIndicator>
                        <Check aria-hidden className="size-4 text-accent" />
                      </Select.ItemIndicator>
                    </Select.Item>
                  ))}
                </Select.Group>
              ))}
            </Select.List>
          </Select.Popup>
        </Select.Positioner>
      </Select.Portal>
    </Select.Root>
  )
}
