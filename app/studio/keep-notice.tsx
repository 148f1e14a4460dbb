'use client'
// After signing in: what was made here before is still only in this browser, and may come along.
import { useState } from 'react'
import { useLocalActions } from '#app/device/runs/local-device-provider.tsx'
import { hasPictures, isOpenRun } from '#app/device/runs/local-run.ts'
import { useLocalRuns, useOwnerId } from '#app/device/runs/use-local-runs.ts'
import { messages } from '#app/messages/index.ts'
import { Button } from '#app/ui/button.tsx'

const t = messages.device

export function KeepNotice() {
  const { keep } = useLocalActions()
  const ownerId = useOwnerId()
  const [closed, setClosed] = useState(false)
  // Made by nobody in particular: whoever signs in decides.
  const runs = useLocalRuns().filter((run) => run.ownerId === null && hasPictures(run) && !isOpenRun(run))
  const pictures = runs.flatMap(({ images }) => images.filter(({ status }) => status === 'done')).length
  if (closed || pictures === 0 || ownerId === null || ownerId === undefined) return null
  return (
    <section
      aria-label={t.keepTitle(pictures)}
      className="mb-8 flex flex-wrap items-center justify-between gap-3 rounded-card border border-line bg-raised p-4"
    >
      <div>
        <p className="font-medium text-sm leading-6">{t.keepTitle(pictures)}</p>
        <p className="text-ink-2 text-sm leading-6">{t.keepHint(pictures)}</p>
      </div>
      <div className="flex gap-2">
        <Button size="sm" variant="primary" onClick={() => void keep(runs)}>
          {t.keepMany(pictures)}
        </Button>
        <Button size="sm" variant="ghost" onClick={() => setClosed(true)}>
          {t.notNow}
        </Button>
      </div>
    </section>
  )
}
