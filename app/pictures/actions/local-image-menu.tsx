'use client'
// What can be done with a picture that is only in this browser. Sharing comes once it is in the history.
import { Download, Ellipsis, Save, ScanSearch, Trash2 } from 'lucide-react'
import type { DevicePicture } from '#app/device/pictures/device-picture.ts'
import { useDeviceActions } from '#app/device/pictures/device-pictures-provider.tsx'
import { messages } from '#app/messages/index.ts'
import { useMe } from '#app/session/use-session.ts'
import { Button } from '#app/ui/button.tsx'
import { Menu, MenuItem, MenuSeparator } from '#app/ui/menu.tsx'
import type { GenerationDto, ImageDto } from '#contracts/generation.ts'
import { subjectOf } from '../check/check-subject.ts'
import { useCheckDialog } from '../check/lazy-check-dialog.tsx'
import { ReuseItems } from './reuse-items.tsx'
import { useRemoveDevicePicture } from './use-remove-device-picture.ts'

const t = messages.image

interface LocalImageMenuProps {
  picture: DevicePicture
  generation: GenerationDto
  image: ImageDto
}

export function localFileName(picture: DevicePicture, image: ImageDto): string {
  return `dewpoint-${image.seed}-${picture.id.slice(-8)}.png`
}

export function LocalImageMenu({ picture, generation, image }: LocalImageMenuProps) {
  const { save } = useDeviceActions()
  const remove = useRemoveDevicePicture()
  const me = useMe()
  const check = useCheckDialog(subjectOf(generation, image, false))
  return (
    <>
      <Menu
        trigger={
          <Button variant="ghost" size="icon" aria-label={t.more}>
            <Ellipsis aria-hidden />
          </Button>
        }
      >
        {image.url === null ? null : (
          <MenuItem render={<a href={image.url} download={localFileName(picture, image)} />}>
            <Download aria-hidden />
            {t.download}
          </MenuItem>
        )}
        {me ? (
          <MenuItem onClick={() => void save([picture])}>
            <Save aria-hidden />
            {messages.device.save}
          </MenuItem>
        ) : null}
        <MenuItem onClick={check.open}>
          <ScanSearch aria-hidden />
          {messages.check.action}
        </MenuItem>
        <MenuSeparator />
        <ReuseItems generation={generation} image={image} />
        <MenuSeparator />
        <MenuItem onClick={() => void remove(picture)}>
          <Trash2 aria-hidden />
          {t.deleteMany(picture.images.length)}
        </MenuItem>
      </Menu>
      {check.dialog}
    </>
  )
}
