'use client'
// The draft on this device: written at every key stroke, read back after a reload, a sign-in or a crash, and followed by
// other tabs of the same browser unless the person is typing there.
import { create } from 'zustand'
import { persist } from 'zustand/middleware'
import { storedAs } from '#app/offline/browser-storage.ts'
import { type Draft, EMPTY_DRAFT, storedDraftSchema } from './draft.ts'

const STORAGE_KEY = 'dewpoint.draft'

const draftStore = create<Draft>()(
  persist((): Draft => EMPTY_DRAFT, { name: STORAGE_KEY, storage: storedAs(storedDraftSchema) }),
)
export const useDraft: () => Draft = draftStore
export const getDraft = draftStore.getState
export const updateDraft: (change: Partial<Draft> | ((draft: Draft) => Draft)) => void = draftStore.setState

if (typeof window !== 'undefined') {
  window.addEventListener('storage', ({ key }) => {
    if (key === STORAGE_KEY && !document.hasFocus()) void draftStore.persist.rehydrate()
  })
}
