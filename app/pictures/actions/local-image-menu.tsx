'use client'
// What can be done with a picture that is only in this browser. Sharing comes once it is in the history.
import { Download, Ellipsis, Save, ScanSearch, Trash2 } from 'lucide-react'
import { useLocalActions } from '#app/device/runs/local-device-provider.tsx'
import type { LocalRun } from '#app/device/runs/local-run.ts'
import { messages } from '#app/messages/index.ts'
import { useMe } from '#app/session/use-session.ts'
import { Button } from '#app/ui/button.tsx'
import { Menu, MenuItem, MenuSeparator } from '#app/ui/menu.tsx'
import type { GenerationDto, ImageDto } from '#contracts/generation.ts'
import { subjectOf } from '../check/check-subject.ts'
import { useCheckDialog } from '../check/lazy-check-dialog.tsx'
import { ReuseItems } from './reuse-items.tsx'
import { useRemoveRun } from './use-remove-run.ts'

const t = messages.image

interface LocalImageMenuProps {
  run: LocalRun
  generation: GenerationDto
  image: ImageDto
}

export function localFileName(run: LocalRun, image: ImageDto): string {
  return `dewpoint-${image.seed}-${run.id.slice(-8)}.png`
}

export function LocalImageMenu({ run, generation, image }: LocalImageMenuProps) {
  const { keep } = useLocalActions()
  const remove = useRemoveRun()
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
          <MenuItem render={<a href={image.url} download={localFileName(run, image)} />}>
            <Download aria-hidden />
            {t.download}
          </MenuItem>
        )}
        {me ? (
          <MenuItem onClick={() => void keep([run])}>
            <Save aria-hidden />
            {messages.device.keep}
          </MenuItem>
        ) : null}
        <MenuItem onClick={check.open}>
          <ScanSearch aria-hidden />
          {messages.check.action}
        </MenuItem>
        <MenuSeparator />
        <ReuseItems generation={generation} image={image} />
        <MenuSeparator />
        <MenuItem onClick={() => void remove(run)}>
          <Trash2 aria-hidden />
          {t.deleteMany(run.images.length)}
        </MenuItem>
      </Menu>
      {check.dialog}
    </>
  )
}
