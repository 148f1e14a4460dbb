'use client'
// After signing in: what was made here before is still only in this browser, and may come along.
import { useState } from 'react'
import { hasPictures, isOpen } from '#app/device/pictures/device-picture.ts'
import { useDeviceActions } from '#app/device/pictures/device-pictures-provider.tsx'
import { useDevicePictures, useOwnerId } from '#app/device/pictures/use-device-pictures.ts'
import { messages } from '#app/messages/index.ts'
import { Button } from '#app/ui/button.tsx'

const t = messages.device

export function SaveNotice() {
  const { save } = useDeviceActions()
  const ownerId = useOwnerId()
  const [closed, setClosed] = useState(false)
  // Made by nobody in particular: whoever signs in decides.
  const pictures = useDevicePictures().filter(
    (picture) => picture.ownerId === null && hasPictures(picture) && !isOpen(picture),
  )
  const count = pictures.flatMap(({ images }) => images.filter(({ status }) => status === 'done')).length
  if (closed || count === 0 || ownerId === null || ownerId === undefined) return null
  return (
    <section
      aria-label={t.saveTitle(count)}
      className="mb-8 flex flex-wrap items-center justify-between gap-3 rounded-card border border-line bg-raised p-4"
    >
      <div>
        <p className="font-medium text-sm leading-6">{t.saveTitle(count)}</p>
        <p className="text-ink-2 text-sm leading-6">{t.saveHint(count)}</p>
      </div>
      <div className="flex gap-2">
        <Button size="sm" variant="primary" onClick={() => void save(pictures)}>
          {t.saveMany(count)}
        </Button>
        <Button size="sm" variant="ghost" onClick={() => setClosed(true)}>
          {t.notNow}
        </Button>
      </div>
    </section>
  )
}
