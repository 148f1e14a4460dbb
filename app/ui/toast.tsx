'use client'
// Short notes at the edge of the screen, each with at most one action (Undo). Base UI announces them to screen readers.
import { Toast } from '@base-ui/react/toast'
import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import { messages } from '#app/messages/index.ts'
import { buttonVariants } from './button.tsx'

/** Long enough to read a sentence and press Undo. */
const TOAST_TIMEOUT_MS = 7_000

export const toasts = Toast.createToastManager()

export function notify(title: string, action?: { label: string; run: () => void }): void {
  const id: string = toasts.add({
    title,
    timeout: TOAST_TIMEOUT_MS,
    ...(action
      ? {
          actionProps: {
            children: action.label,
            onClick: () => {
              toasts.close(id)
              action.run()
            },
          },
        }
      : {}),
  })
}

/** A failure: stays until it is read, and interrupts the screen reader. */
export function notifyProblem(title: string): void {
  toasts.add({ title, type: 'problem', priority: 'high', timeout: TOAST_TIMEOUT_MS * 2 })
}

export function Toaster({ children }: { children: ReactNode }) {
  return (
    <Toast.Provider toastManager={toasts} limit={3}>
      {children}
      <Toast.Portal>
        <Toast.Viewport className="fixed inset-x-4 top-16 z-50 flex flex-col items-end gap-2 sm:top-auto sm:right-6 sm:bottom-6 sm:left-auto sm:w-96">
          <ToastList />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  )
}

function ToastList() {
  const manager = Toast.useToastManager()
  return manager.toasts.map((toast) => (
    <Toast.Root
      key={toast.id}
      toast={toast}
      className="w-full rounded-card border border-line bg-raised shadow-float transition-[opacity,translate] duration-200 data-ending-style:translate-y-2 data-starting-style:translate-y-2 data-ending-style:opacity-0 data-limited:hidden data-starting-style:opacity-0"
    >
      <Toast.Content className="flex items-center gap-2 py-1.5 pr-1.5 pl-4">
        <Toast.Title
          className={
            toast.type === 'problem'
              ? 'min-w-0 flex-1 py-2 text-danger text-sm leading-5'
              : 'min-w-0 flex-1 py-2 text-sm leading-5'
          }
        />
        <Toast.Action className={buttonVariants({ variant: 'ghost', size: 'sm' })} />
        <Toast.Close className={buttonVariants({ variant: 'ghost', size: 'icon' })} aria-label={messages.shell.close}>
          <X aria-hidden />
        </Toast.Close>
      </Toast.Content>
    </Toast.Root>
  ))
}
