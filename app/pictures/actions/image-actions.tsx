'use client'
// What can be done with a finished image.
import { Download, Ellipsis, ImageUp, Save, ScanSearch, Share2, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { messages } from '#app/messages/index.ts'
import { Button } from '#app/ui/button.tsx'
import { IconButton } from '#app/ui/icon-button.tsx'
import { Menu, MenuItem, MenuSeparator } from '#app/ui/menu.tsx'
import type { ImageDto } from '#contracts/generation.ts'
import { subjectOf } from '../check/check-subject.ts'
import { useCheckDialog } from '../check/lazy-check-dialog.tsx'
import { ShareDialog } from '../share/share-dialog.tsx'
import type { PictureSource } from '../source/picture-source.ts'
import { ReuseItems } from './reuse-items.tsx'

const t = messages.image

interface ImageActionsProps {
  source: PictureSource
  image: ImageDto
}

/** Share and the rest, as a row of quiet buttons. */
export function ImageActions({ source, image }: ImageActionsProps) {
  const [sharing, setSharing] = useState(false)
  if (!source.isInHistory) return <ImageMenu source={source} image={image} />
  return (
    <>
      <IconButton label={image.share ? t.shared : t.share} onClick={() => setSharing(true)}>
        <Share2 aria-hidden className={image.share ? 'text-accent' : undefined} />
      </IconButton>
      <ImageMenu source={source} image={image} onShare={() => setSharing(true)} />
      <ShareDialog generation={source.generation} image={image} open={sharing} onOpenChange={setSharing} />
    </>
  )
}

/** The same over the picture, on hover and keyboard focus. Touch opens the picture's page, which has them all. */
export function FloatingActions({ source, image }: ImageActionsProps) {
  const [sharing, setSharing] = useState(false)
  return (
    <>
      <div className="absolute right-2 bottom-2 z-10 rounded-control bg-raised opacity-0 shadow-float transition-opacity focus-within:opacity-100 group-hover:opacity-100 has-[[data-popup-open]]:opacity-100 pointer-coarse:hidden">
        <ImageMenu source={source} image={image} onShare={() => setSharing(true)} />
      </div>
      <ShareDialog generation={source.generation} image={image} open={sharing} onOpenChange={setSharing} />
    </>
  )
}

interface ImageMenuProps extends ImageActionsProps {
  /** Absent where it cannot be shared. */
  onShare?: () => void
  onRemoved?: () => void
}

export function ImageMenu({ source, image, onShare, onRemoved }: ImageMenuProps) {
  const { generation, startFrom, save } = source
  const check = useCheckDialog(subjectOf(generation, image, source.isInHistory))
  return (
    <>
      <Menu
        trigger={
          <Button variant="ghost" size="icon" aria-label={t.more}>
            <Ellipsis aria-hidden />
          </Button>
        }
      >
        {onShare === undefined ? null : (
          <MenuItem onClick={onShare}>
            <Share2 aria-hidden />
            {t.share}
          </MenuItem>
        )}
        {source.downloads(image).map(({ label, href, fileName }) => (
          <MenuItem key={label} render={<a href={href} download={fileName} />}>
            <Download aria-hidden />
            {label}
          </MenuItem>
        ))}
        {save === null ? null : (
          <MenuItem onClick={save}>
            <Save aria-hidden />
            {messages.device.save}
          </MenuItem>
        )}
        {startFrom === null ? null : (
          <MenuItem onClick={() => startFrom(image)}>
            <ImageUp aria-hidden />
            {t.useAsInput}
          </MenuItem>
        )}
        <MenuItem onClick={check.open}>
          <ScanSearch aria-hidden />
          {messages.check.action}
        </MenuItem>
        <MenuSeparator />
        <ReuseItems generation={generation} image={image} />
        <MenuSeparator />
        <MenuItem
          onClick={() => {
            source.remove()
            onRemoved?.()
          }}
        >
          <Trash2 aria-hidden />
          {t.deleteMany(generation.images.length)}
        </MenuItem>
      </Menu>
      {check.dialog}
    </>
  )
}
