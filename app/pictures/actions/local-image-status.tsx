'use client'
// What is happening to one picture of this device, in words, at the same height as the server's line under a picture.
import type { Activity } from '#app/device/pictures/activity.ts'
import type { DevicePicture } from '#app/device/pictures/device-picture.ts'
import { deviceRunner } from '#app/device/pictures/this-device.ts'
import { messages } from '#app/messages/index.ts'
import type { GenerationDto, ImageDto } from '#contracts/generation.ts'
import { ImageStatus, StatusLine } from '../image/image-status.tsx'
import { LocalImageMenu } from './local-image-menu.tsx'

const t = messages.device

interface LocalImageStatusProps {
  picture: DevicePicture
  generation: GenerationDto
  image: ImageDto
  activity: Activity | undefined
}

export function LocalImageStatus({ picture, generation, image, activity }: LocalImageStatusProps) {
  const stop = () => void deviceRunner().stop(picture.id)
  if (image.status === 'failed') return <div className="h-2" />
  const words = wordsFor(image, activity)
  if (words !== null) {
    return (
      <StatusLine onCancel={stop}>
        <span className="text-ink">{words}</span>
      </StatusLine>
    )
  }
  return (
    <ImageStatus
      image={image}
      onCancel={stop}
      onRetry={undefined}
      actions={<LocalImageMenu picture={picture} generation={generation} image={image} />}
    />
  )
}

/** null: the steps speak for themselves. */
function wordsFor({ status }: ImageDto, activity: Activity | undefined): string | null {
  if (status === 'queued') return activity?.kind === 'loading' ? t.loading : messages.image.queued
  if (status !== 'running') return null
  if (activity?.kind === 'loading') return t.loading
  // Running, but not by this tab.
  return activity === undefined || activity.kind === 'waiting' ? t.elsewhere : null
}
