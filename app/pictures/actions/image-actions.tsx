'use client'
// What can be done with a finished image.
import { Download, Ellipsis, ImageUp, ScanSearch, Share2, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { useGenerationActions } from '#app/generations/use-generation-actions.ts'
import { messages } from '#app/messages/index.ts'
import { Button } from '#app/ui/button.tsx'
import { IconButton } from '#app/ui/icon-button.tsx'
import { Menu, MenuItem, MenuSeparator } from '#app/ui/menu.tsx'
import type { GenerationDto, ImageDto } from '#contracts/generation.ts'
import { subjectOf } from '../check/check-subject.ts'
import { useCheckDialog } from '../check/lazy-check-dialog.tsx'
import { ShareDialog } from '../share/share-dialog.tsx'
import { ReuseItems } from './reuse-items.tsx'
import { useReuse } from './use-reuse.ts'

const t = messages.image

export function downloadUrl(image: ImageDto): string {
  return `${image.url}?download`
}

interface ImageActionsProps {
  generation: GenerationDto
  image: ImageDto
}

/** Share, download and the rest, as a row of quiet buttons. */
export function ImageActions({ generation, image }: ImageActionsProps) {
  const [sharing, setSharing] = useState(false)
  return (
    <>
      <IconButton label={image.share ? t.shared : t.share} onClick={() => setSharing(true)}>
        <Share2 aria-hidden className={image.share ? 'text-accent' : undefined} />
      </IconButton>
      <ImageMenu generation={generation} image={image} onShare={() => setSharing(true)} />
      <ShareDialog generation={generation} image={image} open={sharing} onOpenChange={setSharing} />
    </>
  )
}

/** The same over the picture, on hover and keyboard focus. Touch opens the picture's page, which has them all. */
export function FloatingActions({ generation, image }: ImageActionsProps) {
  const [sharing, setSharing] = useState(false)
  return (
    <>
      <div className="absolute right-2 bottom-2 z-10 rounded-control bg-raised opacity-0 shadow-float transition-opacity focus-within:opacity-100 group-hover:opacity-100 has-[[data-popup-open]]:opacity-100 pointer-coarse:hidden">
        <ImageMenu generation={generation} image={image} onShare={() => setSharing(true)} />
      </div>
      <ShareDialog generation={generation} image={image} open={sharing} onOpenChange={setSharing} />
    </>
  )
}

interface ImageMenuProps extends ImageActionsProps {
  onShare: () => void
}

/** Beside the PNG with its recipe. */
const DOWNLOADS = [
  { label: t.downloadJpeg, query: 'format=jpeg' },
  { label: t.downloadWebp, query: 'format=webp' },
  { label: t.downloadBare, query: 'recipe=without' },
]

export function ImageMenu({ generation, image, onShare }: ImageMenuProps) {
  const actions = useGenerationActions()
  const { startFrom } = useReuse()
  const check = useCheckDialog(subjectOf(generation, image))
  return (
    <>
      <Menu
        trigger={
          <Button variant="ghost" size="icon" aria-label={t.more}>
            <Ellipsis aria-hidden />
          </Button>
        }
      >
        <MenuItem onClick={onShare}>
          <Share2 aria-hidden />
          {t.share}
        </MenuItem>
        <MenuItem render={<a href={downloadUrl(image)} download />}>
          <Download aria-hidden />
          {t.download}
        </MenuItem>
        {DOWNLOADS.map(({ label, query }) => (
          <MenuItem key={query} render={<a href={`${image.url}?${query}`} download />}>
            <Download aria-hidden />
            {label}
          </MenuItem>
        ))}
        <MenuItem onClick={() => startFrom(image)}>
          <ImageUp aria-hidden />
          {t.useAsInput}
        </MenuItem>
        <MenuItem onClick={check.open}>
          <ScanSearch aria-hidden />
          {messages.check.action}
        </MenuItem>
        <MenuSeparator />
        <ReuseItems generation={generation} image={image} />
        <MenuSeparator />
        <MenuItem onClick={() => void actions.remove(generation)}>
          <Trash2 aria-hidden />
          {t.deleteMany(generation.images.length)}
        </MenuItem>
      </Menu>
      {check.dialog}
    </>
  )
}
