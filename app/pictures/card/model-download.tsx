'use client'
// The model on its way to this device: the question before it starts, how far it is, pause and resume.
import { Download, Pause, Play } from 'lucide-react'
import type { DevicePicture } from '#app/device/pictures/device-picture.ts'
import { deviceRunner } from '#app/device/pictures/this-device.ts'
import { useActivity } from '#app/device/pictures/use-device-pictures.ts'
import { messages } from '#app/messages/index.ts'
import { keepForOffline } from '#app/offline/offline-copy.ts'
import { Button } from '#app/ui/button.tsx'

const t = messages.device

export function ModelDownload({ picture }: { picture: DevicePicture }) {
  const activity = useActivity(picture.id)
  if (activity?.kind === 'asking') {
    return (
      <Box>
        <div>
          <p className="font-medium text-sm leading-6">{t.askTitle(activity.downloadBytes)}</p>
          <p className="text-ink-2 text-sm leading-6">{t.ask}</p>
        </div>
        <div className="flex flex-wrap gap-2">
          <Button
            variant="primary"
            size="sm"
            onClick={() => {
              void keepForOffline()
              void deviceRunner().resume(picture.id)
            }}
          >
            <Download aria-hidden />
            {t.askAgree(activity.downloadBytes)}
          </Button>
          <Button variant="ghost" size="sm" onClick={() => void deviceRunner().stop(picture.id)}>
            {t.notNow}
          </Button>
        </div>
      </Box>
    )
  }
  if (activity?.kind === 'downloading') {
    const { doneBytes, totalBytes } = activity
    return (
      <Box>
        <Progress doneBytes={doneBytes} totalBytes={totalBytes} />
        <div className="flex flex-wrap items-center justify-between gap-2">
          <p className="text-ink-2 text-sm leading-6 tabular-nums">{t.downloading(doneBytes, totalBytes)}</p>
          <Button variant="ghost" size="sm" onClick={() => deviceRunner().pause(picture.id)}>
            <Pause aria-hidden />
            {t.pause}
          </Button>
        </div>
      </Box>
    )
  }
  if (activity?.kind !== 'paused') return null
  const { doneBytes, totalBytes, problem } = activity
  return (
    <Box>
      <Progress doneBytes={doneBytes} totalBytes={totalBytes} />
      {problem === null ? null : (
        <p role="alert" className="text-danger text-sm leading-6">
          {problem}
        </p>
      )}
      <div className="flex flex-wrap items-center justify-between gap-2">
        <p className="text-ink-2 text-sm leading-6 tabular-nums">{t.paused(doneBytes, totalBytes)}</p>
        <Button size="sm" onClick={() => void deviceRunner().resume(picture.id)}>
          <Play aria-hidden />
          {t.resume}
        </Button>
      </div>
    </Box>
  )
}

function Box({ children }: { children: React.ReactNode }) {
  return (
    <div className="flex max-w-[512px] flex-col gap-3 rounded-card border border-line bg-raised p-4">{children}</div>
  )
}

function Progress({ doneBytes, totalBytes }: { doneBytes: number; totalBytes: number }) {
  return (
    <progress
      aria-label={t.downloading(doneBytes, totalBytes)}
      value={doneBytes}
      max={totalBytes}
      className="h-1 w-full appearance-none overflow-hidden rounded-full bg-line [&::-moz-progress-bar]:bg-accent [&::-webkit-progress-bar]:bg-line [&::-webkit-progress-value]:bg-accent"
    />
  )
}
