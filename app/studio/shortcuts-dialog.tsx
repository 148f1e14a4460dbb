'use client'
// The list of keys.
import { useSyncExternalStore } from 'react'
import { messages } from '#app/messages/index.ts'
import { Dialog } from '#app/ui/dialog.tsx'

const t = messages.shortcuts

const isMac = (): boolean => navigator.platform.startsWith('Mac')

interface ShortcutsDialogProps {
  open: boolean
  onOpenChange: (open: boolean) => void
}

export function ShortcutsDialog({ open, onOpenChange }: ShortcutsDialogProps) {
  const mac = useSyncExternalStore(
    () => () => {},
    isMac,
    () => false,
  )
  const rows = [
    { name: t.generate, keys: [mac ? '⌘' : t.keys.ctrl, t.keys.enter] },
    { name: t.cancel, keys: [t.keys.esc] },
    { name: t.focusPrompt, keys: ['/'] },
    { name: t.weight, keys: [mac ? '⌘' : t.keys.ctrl, '↑', '↓'] },
    { name: t.help, keys: ['?'] },
  ]
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={t.title}>
      <dl className="flex flex-col">
        {rows.map(({ name, keys }) => (
          <div
            key={name}
            className="flex min-h-11 items-center justify-between gap-4 border-line border-b last:border-0"
          >
            <dt className="text-ink-2 text-sm">{name}</dt>
            <dd className="flex gap-1">
              {keys.map((key) => (
                <kbd
                  key={key}
                  className="flex h-7 min-w-7 items-center justify-center rounded-md border border-line-strong bg-sunken px-2 font-sans text-xs"
                >
                  {key}
                </kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  )
}
