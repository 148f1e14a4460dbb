'use client'
// A heading that folds what is below it. Closed content stays findable by the browser's own search.
import { Collapsible } from '@base-ui/react/collapsible'
import { ChevronRight } from 'lucide-react'
import type { ReactNode } from 'react'

interface DisclosureProps {
  label: string
  /** Quiet text at the end of the heading, such as "2 changed". */
  note?: string | undefined
  open: boolean
  onOpenChange: (open: boolean) => void
  children: ReactNode
}

export function Disclosure({ label, note, open, onOpenChange, children }: DisclosureProps) {
  return (
    <Collapsible.Root open={open} onOpenChange={onOpenChange}>
      <Collapsible.Trigger className="group -mx-2 flex min-h-11 w-[calc(100%+1rem)] items-center gap-2 rounded-control px-2 text-left font-medium text-sm transition-colors hover:bg-sunken">
        <ChevronRight
          aria-hidden
          className="size-4 text-ink-3 transition-transform duration-150 group-data-panel-open:rotate-90"
        />
        {label}
        {note ? <span className="ml-auto font-normal text-ink-3 text-xs">{note}</span> : null}
      </Collapsible.Trigger>
      <Collapsible.Panel className="flex flex-col gap-4 pt-2 pb-1 [&[hidden]:not([hidden='until-found'])]:hidden">
        {children}
      </Collapsible.Panel>
    </Collapsible.Root>
  )
}
