'use client'
// The check dialog once it is asked for: it and the engine behind it are scripts of their own.
import dynamic from 'next/dynamic'
import { useState } from 'react'
import type { CheckSubject } from './check-subject.ts'

export const CheckDialog = dynamic(() => import('./check-dialog.tsx').then((module) => module.CheckDialog), {
  ssr: false,
})

/** `open` shows it; what was made stays in it until the page is left. */
export function useCheckDialog(subject: CheckSubject | null): { open: () => void; dialog: React.ReactNode } {
  const [isOpen, setIsOpen] = useState<boolean | null>(null)
  return {
    open: () => setIsOpen(true),
    dialog:
      isOpen === null || subject === null ? null : (
        <CheckDialog key={subject.url} subject={subject} open={isOpen} onOpenChange={setIsOpen} />
      ),
  }
}
