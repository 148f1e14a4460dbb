'use client'
// The tab's title while this device makes a picture: how far it is, for whoever looks at another tab meanwhile.
import { useEffect } from 'react'
import { useLiveStep } from '#app/generations/live-updates.tsx'
import { messages } from '#app/messages/index.ts'
import { type DevicePicture, deviceImageId } from './device-picture.ts'

export function TitleProgress({ pictures }: { pictures: readonly DevicePicture[] }) {
  const running = pictures.flatMap(({ id, images }) =>
    images.flatMap(({ index, status }) => (status === 'running' ? [deviceImageId(id, index)] : [])),
  )[0]
  return running === undefined ? null : <Title key={running} imageId={running} />
}

function Title({ imageId }: { imageId: string }) {
  const step = useLiveStep(imageId)
  const at = step === undefined ? null : messages.device.tabTitle(step.step, step.steps)
  useEffect(() => {
    if (at === null) return
    const before = document.title
    document.title = at
    return () => {
      // Another page may have set its own meanwhile.
      if (document.title === at) document.title = before
    }
  }, [at])
  return null
}
