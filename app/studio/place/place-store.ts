'use client'
// Where the person wants pictures made, and whether those of this device go into the history. Kept in this browser.
import { useSyncExternalStore } from 'react'
import { z } from 'zod'
import { PLACES } from './choose-place.ts'

const STORAGE_KEY = 'dewpoint.place'

const choiceSchema = z.object({
  place: z.enum(PLACES),
  /** Saving sends a picture with its prompt to the server: said where it is switched. */
  saveToHistory: z.boolean(),
})
export type PlaceChoice = z.infer<typeof choiceSchema>

const DEFAULT: PlaceChoice = { place: 'auto', saveToHistory: true }

let current: PlaceChoice | undefined
const listeners = new Set<() => void>()

function read(): PlaceChoice {
  try {
    const stored = choiceSchema.safeParse(JSON.parse(localStorage.getItem(STORAGE_KEY) ?? 'null'))
    return stored.success ? stored.data : DEFAULT
  } catch {
    return DEFAULT
  }
}

export function getPlaceChoice(): PlaceChoice {
  current ??= read()
  return current
}

export function updatePlaceChoice(change: Partial<PlaceChoice>): void {
  current = { ...getPlaceChoice(), ...change }
  try {
    localStorage.setItem(STORAGE_KEY, JSON.stringify(current))
  } catch {
    // Full or switched off: it holds for this page.
  }
  for (const listener of listeners) listener()
}

export function usePlaceChoice(): PlaceChoice {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    getPlaceChoice,
    () => DEFAULT,
  )
}
