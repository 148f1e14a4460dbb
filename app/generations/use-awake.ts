'use client'
// Whether the tab is being looked at, or was a moment ago. Browsers allow six HTTP/1.1 connections per site: a row of
// forgotten tabs, each holding its stream of events, would leave none for the one in front.
import { useEffect, useState } from 'react'

/** Going to another tab to look something up and coming back should not cost a new connection. */
const ASLEEP_AFTER_MS = 15_000

export function useAwake(): boolean {
  const [awake, setAwake] = useState(true)
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const onChange = () => {
      clearTimeout(timer)
      if (document.visibilityState === 'visible') setAwake(true)
      else timer = setTimeout(() => setAwake(false), ASLEEP_AFTER_MS)
    }
    document.addEventListener('visibilitychange', onChange)
    return () => {
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', onChange)
    }
  }, [])
  return awake
}
