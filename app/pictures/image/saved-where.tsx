'use client'
// Where a device picture is kept, in a line, and the way to keep it better.
import Link from 'next/link'
import type { DevicePicture } from '#app/device/pictures/device-picture.ts'
import { useDeviceActions } from '#app/device/pictures/device-pictures-provider.tsx'
import { useDevicePictureList, useOwnerId } from '#app/device/pictures/use-device-pictures.ts'
import { messages } from '#app/messages/index.ts'
import { useOnline } from '#app/offline/use-online.ts'
import { Button, buttonVariants } from '#app/ui/button.tsx'

const t = messages.device

export function SavedWhere({ picture }: { picture: DevicePicture }) {
  const { save } = useDeviceActions()
  const { unstored, lasts } = useDevicePictureList()
  const ownerId = useOwnerId()
  const online = useOnline()
  const isUnstored = unstored.has(picture.id)
  const isOnItsWay = picture.keep === 'history' && picture.refusal === null
  return (
    <div className="flex flex-col items-start gap-2">
      <p className="max-w-prose text-ink-2 text-sm leading-6">{whereWords(picture, online)}</p>
      {isUnstored || !lasts ? (
        <p role="alert" className="max-w-prose text-danger text-sm leading-6">
          {isUnstored ? t.unstored : t.fleeting}
        </p>
      ) : null}
      {isOnItsWay ? null : ownerId === null ? (
        <Link href="/sign-in" className={buttonVariants({ size: 'sm' })}>
          {t.signInToSave}
        </Link>
      ) : (
        <Button size="sm" onClick={() => void save([picture])}>
          {t.save}
        </Button>
      )}
    </div>
  )
}

function whereWords({ keep, refusal }: DevicePicture, online: boolean): string {
  if (refusal !== null) return t.refused(refusal)
  if (keep === 'here') return t.onlyHere
  return online ? t.saving : t.waitingToSave
}
