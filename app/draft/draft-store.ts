'use client'
// The draft on this device: written at every key stroke, read back after a reload, a sign-in or a crash, and followed by
// other tabs of the same browser unless the person is typing there.
import { useSyncExternalStore } from 'react'
import { type Draft, EMPTY_DRAFT, parseDraft } from './draft.ts'

const STORAGE_KEY = 'dewpoint.draft'

let current: Draft | undefined
const listeners = new Set<() => void>()

function read(): Draft {
  try {
    return parseDraft(localStorage.getItem(STORAGE_KEY))
  } catch {
    // Storage switched off: the draft lives as long as the page.
    return EMPTY_DRAFT
  }
}

export function getDraft(): Draft {
  current ??= read()
  return current
}

export function updateDraft(change: Partial<Draft> | ((draft: Draft) => Draft)): void {
  current = typeof change === 'function' ? change(getDraft()) : { ...getDraft(), ...change }
  try {
    localStorage.setItem(STORAGE_KEY, JSON.stringify(current))
  } catch {
    // Full or switched off: nothing to do but keep the page's own copy.
  }
  for (const listener of listeners) listener()
}

function onStorage(event: StorageEvent): void {
  if (event.key !== STORAGE_KEY || document.hasFocus()) return
  current = parseDraft(event.newValue)
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) window.addEventListener('storage', onStorage)
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) window.removeEventListener('storage', onStorage)
  }
}

export function useDraft(): Draft {
  return useSyncExternalStore(subscribe, getDraft, () => EMPTY_DRAFT)
}
