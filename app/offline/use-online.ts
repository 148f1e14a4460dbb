'use client'
// Whether there is a network, as far as the browser can tell.
import { useSyncExternalStore } from 'react'

/** What the browser believes about its connection: false is certain, true is a hope. */
export function useOnline(): boolean {
  return useSyncExternalStore(
    onConnection,
    () => navigator.onLine,
    () => true,
  )
}

function onConnection(listener: () => void): () => void {
  window.addEventListener('online', listener)
  window.addEventListener('offline', listener)
  return () => {
    window.removeEventListener('online', listener)
    window.removeEventListener('offline', listener)
  }
}
