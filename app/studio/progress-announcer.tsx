'use client'
// Tells screen readers how far the pictures are: often enough to follow, seldom enough to bear.
import { useEffect, useEffectEvent, useState } from 'react'
import { useLiveSteps } from '#app/generations/live-updates.tsx'
import { messages } from '#app/messages/index.ts'
import type { GenerationDto } from '#contracts/generation.ts'

const ANNOUNCE_EVERY_MS = 4_000

export function ProgressAnnouncer({ generations }: { generations: readonly GenerationDto[] }) {
  const live = useLiveSteps()
  const [text, setText] = useState('')
  const latest = generations[0]
  const done = latest?.images.filter((image) => image.status === 'done').length ?? 0
  const running = latest?.images.find((image) => image.status === 'running')

  const announce = useEffectEvent(() => {
    const step = running ? live.get(running.id) : undefined
    if (step) setText(messages.image.step(step.step, step.steps))
  })
  const runningId = running?.id
  useEffect(() => {
    if (runningId === undefined) return
    const timer = setInterval(() => announce(), ANNOUNCE_EVERY_MS)
    return () => clearInterval(timer)
  }, [runningId])

  // Only what becomes ready while the page is open is news.
  const [seen, setSeen] = useState<{ id: string | undefined; done: number }>({ id: latest?.id, done })
  if (seen.id !== latest?.id || seen.done !== done) {
    if (seen.id === latest?.id && done > seen.done) setText(messages.image.done(done))
    setSeen({ id: latest?.id, done })
  }
  return (
    <p aria-live="polite" className="sr-only">
      {text}
    </p>
  )
}
