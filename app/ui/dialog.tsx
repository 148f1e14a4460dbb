'use client'
// A dialog: centred on a desk, a sheet from the bottom on a phone. Focus is kept inside and given back on close.
import { Dialog as Base } from '@base-ui/react/dialog'
import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import { messages } from '#app/messages/index.ts'
import { buttonVariants } from './button.tsx'
import { cn } from './cn.ts'

interface DialogProps {
  open: boolean
  onOpenChange: (open: boolean) => void
  title: string
  description?: string
  children: ReactNode
  className?: string
}

export function Dialog({ open, onOpenChange, title, description, children, className }: DialogProps) {
  return (
    <Base.Root open={open} onOpenChange={onOpenChange}>
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-40 min-h-dvh bg-scrim transition-opacity duration-200 data-ending-style:opacity-0 data-starting-style:opacity-0" />
        <Base.Viewport className="fixed inset-0 z-40 flex items-end justify-center sm:items-center sm:p-6">
          <Base.Popup
            data-layer
            className={cn(
              'flex max-h-[88dvh] w-full flex-col rounded-t-2xl bg-raised pb-[env(safe-area-inset-bottom)] text-ink shadow-float outline-none transition-[translate,opacity] duration-200 ease-out data-ending-style:translate-y-6 data-starting-style:translate-y-6 data-ending-style:opacity-0 data-starting-style:opacity-0 sm:max-w-md sm:rounded-2xl',
              className,
            )}
          >
            <header className="flex items-center justify-between gap-4 px-5 pt-4 pb-2">
              <Base.Title className="font-semibold text-base">{title}</Base.Title>
              <Base.Close
                className={cn(buttonVariants({ variant: 'ghost', size: 'icon' }), '-mr-2')}
                aria-label={messages.shell.close}
              >
                <X aria-hidden />
              </Base.Close>
            </header>
            <div className="overflow-y-auto overscroll-contain px-5 pb-5">
              {description ? (
                <Base.Description className="pb-4 text-ink-2 text-sm leading-6">{description}</Base.Description>
              ) : null}
              {children}
            </div>
          </Base.Popup>
        </Base.Viewport>
      </Base.Portal>
    </Base.Root>
  )
}
