'use client'
// A menu of actions behind a button.
import { Menu as Base } from '@base-ui/react/menu'
import type { ComponentProps, ReactElement, ReactNode } from 'react'
import { cn } from './cn.ts'

interface MenuProps {
  /** The button that opens the menu; it brings its own name. */
  trigger: ReactElement
  children: ReactNode
  align?: 'start' | 'end'
}

export const menuItemClass =
  'flex min-h-11 cursor-default select-none items-center gap-3 rounded-md px-2.5 text-ink text-sm outline-hidden data-highlighted:bg-sunken data-disabled:text-ink-3 pointer-fine:min-h-9 [&_svg]:size-4 [&_svg]:text-ink-3'

export function Menu({ trigger, children, align = 'end' }: MenuProps) {
  return (
    <Base.Root>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner sideOffset={6} align={align} className="z-50 outline-hidden">
          <Base.Popup className="max-h-(--available-height) min-w-52 max-w-[calc(100vw-2rem)] overflow-y-auto overscroll-contain origin-(--transform-origin) rounded-card border border-line bg-raised p-1.5 shadow-float outline-hidden transition-[scale,opacity] duration-100 data-ending-style:scale-[0.98] data-starting-style:scale-[0.98] data-ending-style:opacity-0 data-starting-style:opacity-0">
            {children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}

export function MenuItem({ className, ...props }: ComponentProps<typeof Base.Item>) {
  return <Base.Item className={cn(menuItemClass, className as string | undefined)} {...props} />
}

export function MenuSeparator() {
  return <Base.Separator className="mx-1 my-1.5 h-px bg-line" />
}
