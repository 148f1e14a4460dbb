'use client'
// A picture of this device as it stands in the feed: the card of any picture, and what only a device has to say: the model's
// download, what to do when it could not make one, and where its images are.
import { Cpu } from 'lucide-react'
import { type DevicePicture, hasPictures, isOpen } from '#app/device/pictures/device-picture.ts'
import { messages } from '#app/messages/index.ts'
import { SavedWhere } from '../image/saved-where.tsx'
import { useDeviceSource } from '../source/use-device-source.ts'
import { FailedDevicePicture } from './failed-device-picture.tsx'
import { ModelDownload } from './model-download.tsx'
import { PictureCard } from './picture-card.tsx'

export function DevicePictureCard({ picture, eager }: { picture: DevicePicture; eager: boolean }) {
  const source = useDeviceSource(picture)
  return (
    <PictureCard
      source={source}
      eager={eager}
      below={
        <>
          <ModelDownload picture={picture} />
          <FailedDevicePicture picture={picture} generation={source.generation} />
        </>
      }
    >
      <p className="flex items-center gap-1.5 text-ink-2 text-sm leading-6">
        <Cpu aria-hidden className="size-4 shrink-0 text-ink-3" />
        {messages.device.here}
      </p>
      {hasPictures(picture) && !isOpen(picture) ? <SavedWhere picture={picture} /> : null}
    </PictureCard>
  )
}
