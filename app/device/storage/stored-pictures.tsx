'use client'
// Pictures that are in this browser and not (yet) in a history.
import { useState } from 'react'
import { messages } from '#app/messages/index.ts'
import { Section } from '#app/session/account-view.tsx'
import { Button } from '#app/ui/button.tsx'
import { Dialog } from '#app/ui/dialog.tsx'
import { type DevicePicture, hasPictures, isOpen, isWaitingToBeSaved } from '../pictures/device-picture.ts'
import { useDeviceActions } from '../pictures/device-pictures-provider.tsx'
import { devicePictures } from '../pictures/this-device.ts'
import { useDevicePictureList, useDevicePictures, useOwnerId } from '../pictures/use-device-pictures.ts'

const t = messages.storage

const doneImages = (pictures: readonly DevicePicture[]) =>
  pictures.flatMap(({ images }) => images.filter(({ status }) => status === 'done'))
const bytesOf = (pictures: readonly DevicePicture[]) =>
  doneImages(pictures).reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0)

export function StoredPictures() {
  const { pictures, loaded } = useDevicePictureList()
  const own = useDevicePictures().filter((picture) => hasPictures(picture) && !isOpen(picture))
  const ownIds = new Set(own.map(({ id }) => id))
  const others = pictures.filter((picture) => !ownIds.has(picture.id) && hasPictures(picture) && !isOpen(picture))
  const waiting = own.filter(isWaitingToBeSaved)
  const staying = own.filter((picture) => !isWaitingToBeSaved(picture))
  return (
    <Section title={t.pictures}>
      {loaded && own.length + others.length === 0 ? (
        <p className="text-ink-2 text-sm leading-6">{t.picturesNone}</p>
      ) : (
        <ul className="flex flex-col gap-3">
          <Group pictures={staying} title={t.picturesCount} canSave />
          <Group pictures={waiting} title={t.picturesWaiting} />
          <Group pictures={others} title={t.picturesOthers} hint={t.picturesOthersHint} />
        </ul>
      )}
    </Section>
  )
}

interface GroupProps {
  pictures: readonly DevicePicture[]
  title: (n: number) => string
  hint?: string
  canSave?: boolean
}

function Group({ pictures, title, hint, canSave = false }: GroupProps) {
  const { save } = useDeviceActions()
  const ownerId = useOwnerId()
  const [asking, setAsking] = useState(false)
  const n = doneImages(pictures).length
  if (n === 0) return null
  const remove = async () => {
    setAsking(false)
    for (const { id } of pictures) await devicePictures.remove(id)
  }
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
      <div className="min-w-0">
        <p className="text-sm leading-6">
          {title(n)} <span className="text-ink-2 tabular-nums">{t.size(bytesOf(pictures))}</span>
        </p>
        {hint ? <p className="text-ink-3 text-xs leading-5">{hint}</p> : null}
      </div>
      <div className="flex gap-2">
        {canSave && ownerId ? (
          <Button size="sm" onClick={() => void save(pictures)}>
            {messages.device.saveMany(n)}
          </Button>
        ) : null}
        <Button size="sm" variant="danger" onClick={() => setAsking(true)}>
          {t.removePictures(n)}
        </Button>
      </div>
      <Dialog open={asking} onOpenChange={setAsking} title={t.removePicturesAsk} description={t.removePicturesHint}>
        <div className="flex justify-end gap-2">
          <Button onClick={() => setAsking(false)}>{messages.device.notNow}</Button>
          <Button variant="danger" onClick={() => void remove()}>
            {t.removePictures(n)}
          </Button>
        </div>
      </Dialog>
    </li>
  )
}
