'use client'
// "Use as input" may be pressed on any page; the Studio takes the request up when it is shown.
import { useEffect, useEffectEvent } from 'react'

let waiting: string | null = null
const listeners = new Set<() => void>()

/** Asks the Studio to start from the picture at `url`. */
export function requestInput(url: string): void {
  waiting = url
  for (const listener of listeners) listener()
}

export function useInputRequest(take: (url: string) => void): void {
  const takeWaiting = useEffectEvent(() => {
    if (waiting === null) return
    const url = waiting
    waiting = null
    take(url)
  })
  useEffect(() => {
    const listener = () => takeWaiting()
    listener()
    listeners.add(listener)
    return () => {
      listeners.delete(listener)
    }
  }, [])
}
