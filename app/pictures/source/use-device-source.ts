'use client'
// A picture of this device that is not in the history: its image lies in this browser, and the runner here makes it.
import { useMemo } from 'react'
import type { Activity } from '#app/device/pictures/activity.ts'
import { type DevicePicture, toGeneration } from '#app/device/pictures/device-picture.ts'
import { useDeviceActions } from '#app/device/pictures/device-pictures-provider.tsx'
import { devicePictures, deviceRunner } from '#app/device/pictures/this-device.ts'
import { useActivity, useDevicePictureList } from '#app/device/pictures/use-device-pictures.ts'
import { messages } from '#app/messages/index.ts'
import { useMe } from '#app/session/use-session.ts'
import { notify } from '#app/ui/toast.tsx'
import type { ImageDto } from '#contracts/generation.ts'
import type { PictureSource } from './picture-source.ts'

const t = messages.device

export function useDeviceSource(picture: DevicePicture): PictureSource {
  const { urls } = useDevicePictureList()
  const activity = useActivity(picture.id)
  const { save } = useDeviceActions()
  const me = useMe()
  const generation = useMemo(() => toGeneration(picture, urls), [picture, urls])
  return useMemo(
    () => ({
      generation,
      isInHistory: false,
      words: (image) => wordsFor(image, activity),
      cancel: () => void deviceRunner().stop(picture.id),
      cancelAll: null,
      retry: 'for-all',
      remove: () => void remove(picture),
      downloads: ({ url, seed }) =>
        url === null
          ? []
          : [{ label: messages.image.download, href: url, fileName: `dewpoint-${seed}-${picture.id.slice(-8)}.png` }],
      startFrom: null,
      save: me ? () => void save([picture]) : null,
    }),
    [picture, generation, activity, me, save],
  )
}

async function remove(picture: DevicePicture): Promise<void> {
  const putBack = await devicePictures.removeRestorably(picture)
  notify(t.deleted(picture.images.length), {
    label: messages.image.undo,
    run: () => void putBack().then(() => notify(messages.image.restored)),
  })
}

function wordsFor({ status }: ImageDto, activity: Activity | undefined): string | null {
  if (status === 'queued') return activity?.kind === 'loading' ? t.loading : messages.image.queued
  if (status !== 'running') return null
  if (activity?.kind === 'loading') return t.loading
  // Running, but not by this tab.
  return activity === undefined || activity.kind === 'waiting' ? t.elsewhere : null
}
