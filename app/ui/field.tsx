'use client'
// A labelled control: label, optional reset, the control, one plain sentence, and the error when there is one.
import { Field as Base } from '@base-ui/react/field'
import { RotateCcw } from 'lucide-react'
import type { ComponentProps, ReactNode } from 'react'
import { messages } from '#app/messages/index.ts'
import { cn } from './cn.ts'
import { IconButton } from './icon-button.tsx'

export const inputClass =
  'w-full min-w-0 rounded-control border border-line-strong bg-raised px-3 text-base text-ink outline-offset-0 transition-colors hover:border-ink-3 sm:text-sm h-11 data-invalid:border-danger disabled:text-ink-3'

interface FieldRowProps {
  label: ReactNode
  hint?: ReactNode
  /** Shown while the value differs from the default. */
  onReset?: (() => void) | undefined
  /** What the reset resets, for its name. */
  resets?: string
  children: ReactNode
  className?: string
}

/** Layout only: the caller wires label and control, because a slider, a select and a radio group each do it differently. */
export function FieldRow({ label, hint, onReset, resets, children, className }: FieldRowProps) {
  return (
    <div className={cn('flex flex-col gap-1.5', className)}>
      <div className="flex min-h-9 items-center justify-between gap-2">
        {label}
        {onReset ? (
          <IconButton label={messages.studio.reset(resets ?? '')} onClick={onReset}>
            <RotateCcw aria-hidden />
          </IconButton>
        ) : null}
      </div>
      {children}
      {hint ? <p className="text-ink-3 text-xs leading-5">{hint}</p> : null}
    </div>
  )
}

interface TextFieldProps extends ComponentProps<'input'> {
  label: string
  hint?: string
  error?: string | undefined
}

export function TextField({ label, hint, error, className, ...props }: TextFieldProps) {
  return (
    <Base.Root invalid={error !== undefined} className="flex flex-col gap-1.5">
      <Base.Label className="font-medium text-ink text-sm">{label}</Base.Label>
      <Base.Control className={cn(inputClass, className)} {...props} />
      {hint && error === undefined ? (
        <Base.Description className="text-ink-3 text-xs leading-5">{hint}</Base.Description>
      ) : null}
      {error === undefined ? null : (
        <Base.Error match className="text-danger text-sm leading-5">
          {error}
        </Base.Error>
      )}
    </Base.Root>
  )
}
