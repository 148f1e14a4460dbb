'use client'
// A moment, in words relative to now ("5 minutes ago"); the exact time on hover. Shown only in the browser, whose clock,
// language and time zone are the person's.
import { useSyncExternalStore } from 'react'
import { locale } from '#app/messages/index.ts'
import { relativeTime } from './relative-time.ts'

const REFRESH_MS = 30_000

function everyHalfMinute(listener: () => void): () => void {
  const timer = setInterval(listener, REFRESH_MS)
  return () => clearInterval(timer)
}

export function Time({ iso }: { iso: string }) {
  const text = useSyncExternalStore(
    everyHalfMinute,
    () => relativeTime(new Date(iso), new Date(), locale),
    () => '',
  )
  const exact = text === '' ? undefined : new Date(iso).toLocaleString(locale)
  return (
    <time dateTime={iso} title={exact}>
      {text}
    </time>
  )
}
