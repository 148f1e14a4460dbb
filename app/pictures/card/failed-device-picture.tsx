'use client'
// This device could not make it. Nothing has left the device; what happens next is the person's decision.
import { RotateCcw, Server } from 'lucide-react'
import { type DevicePicture, hasPictures, isOpen, requeueFailed } from '#app/device/pictures/device-picture.ts'
import { devicePictures, deviceRunner } from '#app/device/pictures/this-device.ts'
import { requestAgain } from '#app/generations/request-again.ts'
import { useSubmit } from '#app/generations/submissions.ts'
import { messages } from '#app/messages/index.ts'
import { newKey } from '#app/trpc/new-key.ts'
import { Button } from '#app/ui/button.tsx'
import type { GenerationDto } from '#contracts/generation.ts'

const t = messages.device

export function FailedDevicePicture({ picture, generation }: { picture: DevicePicture; generation: GenerationDto }) {
  const submit = useSubmit()
  const failed = generation.images.filter(({ status }) => status === 'failed')
  if (failed.length === 0 || isOpen(picture)) return null
  const [reason] = failed.map(({ error }) => error)

  const retry = async () => {
    await devicePictures.update(picture.id, requeueFailed)
    await deviceRunner().take(picture.id)
  }
  const askServer = async () => {
    const wasWhole = failed.length === picture.images.length
    const requests = failed.map((image) => requestAgain(generation, image, newKey()))
    const [first] = requests
    // One click stays one click where nothing of it was made yet.
    const sent =
      wasWhole && first !== undefined
        ? [{ ...first, seed: picture.recipe.seed, count: picture.recipe.count }]
        : requests
    if (hasPictures(picture)) {
      await devicePictures.update(picture.id, (one) => ({
        ...one,
        images: one.images.map((image) => (image.status === 'failed' ? { ...image, status: 'canceled' } : image)),
      }))
    } else {
      await devicePictures.remove(picture.id)
    }
    for (const request of sent) await submit(request)
  }
  return (
    <div role="alert" className="flex max-w-[512px] flex-col gap-3 rounded-card border border-line bg-raised p-4">
      <p className="text-danger text-sm leading-6">{reason?.message}</p>
      <p className="text-ink-2 text-sm leading-6">{t.askServerHint}</p>
      <div className="flex flex-wrap gap-2">
        {reason?.code === 'unfit' ? null : (
          <Button size="sm" onClick={() => void retry()}>
            <RotateCcw aria-hidden />
            {t.retry}
          </Button>
        )}
        {picture.recipe.input === undefined ? (
          <Button size="sm" onClick={() => void askServer()}>
            <Server aria-hidden />
            {t.askServer}
          </Button>
        ) : null}
      </div>
    </div>
  )
}
