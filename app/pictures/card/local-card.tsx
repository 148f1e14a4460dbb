'use client'
// A run of this device as it stands in the feed: the same frames and words as any generation, and what is different about it:
// the model's download, where the pictures are kept, and what to do when this device could not make one.
import { Cpu, Shuffle, Trash2 } from 'lucide-react'
import Link from 'next/link'
import { useMemo } from 'react'
import { type DevicePicture, hasPictures, isOpen, toGeneration } from '#app/device/pictures/device-picture.ts'
import { useActivity, useDevicePictureList } from '#app/device/pictures/use-device-pictures.ts'
import { messages } from '#app/messages/index.ts'
import { Button } from '#app/ui/button.tsx'
import { cn } from '#app/ui/cn.ts'
import { IconButton } from '#app/ui/icon-button.tsx'
import { Time } from '#app/ui/time.tsx'
import type { ImageDto } from '#contracts/generation.ts'
import { SAMPLERS } from '#contracts/samplers.ts'
import { LocalImageStatus } from '../actions/local-image-status.tsx'
import { useRemoveDevicePicture } from '../actions/use-remove-device-picture.ts'
import { useReuse } from '../actions/use-reuse.ts'
import { Picture } from '../image/picture.tsx'
import { SavedWhere } from '../image/saved-where.tsx'
import { FailedRun } from './failed-run.tsx'
import { imageGridClass } from './generation-card.tsx'
import { ModelDownload } from './model-download.tsx'

const t = messages.image

export function LocalCard({ picture, eager }: { picture: DevicePicture; eager: boolean }) {
  const { urls } = useDevicePictureList()
  const activity = useActivity(picture.id)
  const { reuse } = useReuse()
  const remove = useRemoveDevicePicture()
  const generation = useMemo(() => toGeneration(picture, urls), [picture, urls])
  const { recipe, images } = generation
  const shown = images.filter(({ status }) => status !== 'canceled')
  const stopped = images.length - shown.length
  const open = isOpen(picture)
  const first = images[0]
  return (
    <article
      aria-label={recipe.prompt}
      className="grid gap-x-8 gap-y-3 xl:grid-cols-[600px_minmax(0,1fr)]"
      data-picture={picture.id}
    >
      <div className="min-w-0">
        <ul className={cn(imageGridClass(shown.length), 'w-full empty:hidden')}>
          {shown.map((image) => {
            const alt = t.alt(recipe.prompt, image.index, recipe.count)
            return (
              <li key={image.id} className="min-w-0">
                <div className="relative">
                  <Picture
                    image={withoutWords(image)}
                    width={recipe.width}
                    height={recipe.height}
                    alt={alt}
                    eager={eager}
                  />
                  {image.status === 'done' ? (
                    <Link
                      href={`/g/${picture.id}?image=${image.index + 1}`}
                      aria-label={`${t.open}: ${alt}`}
                      className="absolute inset-0 rounded-picture"
                    />
                  ) : null}
                </div>
                <LocalImageStatus picture={picture} generation={generation} image={image} activity={activity} />
              </li>
            )
          })}
        </ul>
        <ModelDownload picture={picture} activity={activity} />
        <FailedRun picture={picture} generation={generation} />
      </div>
      <div className="flex min-w-0 flex-col gap-2 xl:pt-1">
        <p className="line-clamp-3 max-w-prose text-[15px] text-ink leading-6" dir="auto" title={recipe.prompt}>
          {recipe.prompt}
        </p>
        <p className="text-ink-3 text-xs leading-5 tabular-nums">
          <Time iso={generation.createdAt} /> · {SAMPLERS[recipe.sampler].label}, {recipe.steps} · {recipe.width} ×{' '}
          {recipe.height}
        </p>
        <p className="flex items-center gap-1.5 text-ink-2 text-sm leading-6">
          <Cpu aria-hidden className="size-4 shrink-0 text-ink-3" />
          {messages.device.here}
        </p>
        {stopped === 0 ? null : <p className="text-ink-2 text-sm leading-6">{messages.device.stopped(stopped)}</p>}
        {hasPictures(picture) && !open ? <SavedWhere picture={picture} /> : null}
        {open ? null : (
          <div className="-ml-2 flex items-center gap-1.5">
            {first === undefined ? null : (
              <Button variant="ghost" size="sm" onClick={() => reuse(generation, first, 'remix')}>
                <Shuffle aria-hidden />
                {t.remix}
              </Button>
            )}
            <IconButton label={t.deleteMany(images.length)} onClick={() => void remove(picture)}>
              <Trash2 aria-hidden />
            </IconButton>
          </div>
        )}
      </div>
    </article>
  )
}

/** The reason stands below the pictures once, with what can be done about it. */
function withoutWords(image: ImageDto): ImageDto {
  return image.error === null ? image : { ...image, error: null }
}
