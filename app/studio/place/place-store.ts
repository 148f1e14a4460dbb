'use client'
// Where the person wants pictures made, and whether those of this device go into the history. Remembered in this browser.
import { z } from 'zod'
import { create } from 'zustand'
import { persist } from 'zustand/middleware'
import { storedAs } from '#app/offline/browser-storage.ts'
import { PLACES } from './choose-place.ts'

const choiceSchema = z.object({
  place: z.enum(PLACES),
  /** Saving sends a picture with its prompt to the server: said where it is switched. */
  saveToHistory: z.boolean(),
})
export type PlaceChoice = z.infer<typeof choiceSchema>

export const usePlaceChoice = create<PlaceChoice>()(
  persist((): PlaceChoice => ({ place: 'auto', saveToHistory: true }), {
    name: 'dewpoint.place',
    storage: storedAs(choiceSchema),
  }),
)
