'use client'
// Deletes a run of this device, with the same way back as any other picture.
import { useCallback } from 'react'
import type { DevicePicture } from '#app/device/pictures/device-picture.ts'
import { devicePictures } from '#app/device/pictures/this-device.ts'
import { messages } from '#app/messages/index.ts'
import { notify } from '#app/ui/toast.tsx'

export function useRemoveDevicePicture(): (picture: DevicePicture) => Promise<void> {
  return useCallback(async (picture) => {
    const putBack = await devicePictures.removeRestorably(picture)
    notify(messages.device.deleted(picture.images.length), {
      label: messages.image.undo,
      run: () => void putBack().then(() => notify(messages.image.restored)),
    })
  }, [])
}
