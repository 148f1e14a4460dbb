'use client'
// The Studio's keys, listening on the whole page. Dialogs, menus and lists keep their own Escape.
import { useEffect, useEffectEvent } from 'react'

interface Shortcuts {
  generate: () => void
  cancel: () => void
  help: () => void
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))

/** Toasts are dialogs to screen readers too, but nothing to close first. */
const hasLayerOpen = (): boolean => document.querySelector('[data-layer], [role="menu"], [role="listbox"]') !== null

export function useShortcuts(shortcuts: Shortcuts): void {
  const onKeyDown = useEffectEvent((event: KeyboardEvent) => {
    if (event.defaultPrevented || event.isComposing) return
    if (event.key === 'Enter' && (event.metaKey || event.ctrlKey)) {
      event.preventDefault()
      shortcuts.generate()
      return
    }
    if (hasLayerOpen()) return
    if (event.key === 'Escape') shortcuts.cancel()
    if (event.key === '?' && !isTyping(event.target)) shortcuts.help()
    if (event.key === '/' && !isTyping(event.target)) {
      event.preventDefault()
      document.getElementById('prompt')?.focus()
    }
  })
  useEffect(() => {
    const listener = (event: KeyboardEvent) => onKeyDown(event)
    window.addEventListener('keydown', listener)
    return () => window.removeEventListener('keydown', listener)
  }, [])
}
