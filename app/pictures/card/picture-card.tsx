'use client'
// One click on Generate, as it stands in the feed: its images in their right shape from the start, its words, its actions.
import { Shuffle, Square, Trash2 } from 'lucide-react'
import Link from 'next/link'
import type { ReactNode } from 'react'
import { useReuse } from '#app/draft/use-reuse.ts'
import { hasEnded } from '#app/generations/apply-event.ts'
import { messages } from '#app/messages/index.ts'
import { Button } from '#app/ui/button.tsx'
import { cn } from '#app/ui/cn.ts'
import { IconButton } from '#app/ui/icon-button.tsx'
import { Time } from '#app/ui/time.tsx'
import type { ImageDto } from '#contracts/generation.ts'
import { SAMPLERS } from '#contracts/samplers.ts'
import { ImageActions } from '../actions/image-actions.tsx'
import { ImageStatus } from '../image/image-status.tsx'
import { Picture } from '../image/picture.tsx'
import type { PictureSource } from '../source/picture-source.ts'

const t = messages.image

/** One image large, several in pairs: rows keep one height whatever the count. */
export function imageGridClass(count: number): string {
  return cn('grid gap-x-3 gap-y-1', count === 1 ? 'max-w-[512px] grid-cols-1' : 'max-w-[600px] grid-cols-2')
}

interface PictureCardProps {
  source: PictureSource
  eager: boolean
  /** Below the images. */
  below?: ReactNode
  /** Beside them, after the facts. */
  children?: ReactNode
}

export function PictureCard({ source, eager, below, children }: PictureCardProps) {
  const { generation, isInHistory, cancelAll } = source
  const { recipe, images } = generation
  const { reuse } = useReuse()
  const running = images.filter((image) => !hasEnded(image))
  const first = images[0]
  // A stopped picture leaves no frame behind; the line below says that it was there.
  const shown = images.filter((image) => image.status !== 'canceled')
  const stopped = images.length - shown.length
  return (
    <article
      aria-label={recipe.prompt}
      className="grid gap-x-8 gap-y-3 xl:grid-cols-[600px_minmax(0,1fr)]"
      data-generation={generation.id}
      data-kept={isInHistory ? 'history' : 'browser'}
    >
      <div className="min-w-0">
        <ul className={cn(imageGridClass(shown.length), 'w-full empty:hidden')}>
          {shown.map((image) => (
            <li key={image.id} className="min-w-0">
              <CardImage source={source} image={image} eager={eager} />
            </li>
          ))}
        </ul>
        {below}
      </div>
      <div className="flex min-w-0 flex-col gap-2 xl:pt-1">
        <p className="line-clamp-3 max-w-prose text-[15px] text-ink leading-6" dir="auto" title={recipe.prompt}>
          {recipe.prompt}
        </p>
        <p className="text-ink-3 text-xs leading-5 tabular-nums">
          <Time iso={generation.createdAt} /> · {SAMPLERS[recipe.sampler].label}, {recipe.steps} · {recipe.width} ×{' '}
          {recipe.height}
        </p>
        {stopped === 0 ? null : (
          <p className="text-ink-2 text-sm leading-6">{isInHistory ? t.stopped(stopped) : t.stoppedFree(stopped)}</p>
        )}
        {children}
        <div className="-ml-2 flex items-center gap-1.5">
          {running.length > 1 && cancelAll !== null ? (
            <Button variant="ghost" size="sm" onClick={cancelAll}>
              <Square aria-hidden />
              {t.cancelAll(running.length)}
            </Button>
          ) : null}
          {first && running.length === 0 ? (
            <Button variant="ghost" size="sm" onClick={() => reuse(generation, first, 'remix')}>
              <Shuffle aria-hidden />
              {t.remix}
            </Button>
          ) : null}
          {running.length === 0 ? (
            <IconButton label={t.deleteMany(images.length)} onClick={source.remove}>
              <Trash2 aria-hidden />
            </IconButton>
          ) : null}
        </div>
      </div>
    </article>
  )
}

function CardImage({ source, image, eager }: { source: PictureSource; image: ImageDto; eager: boolean }) {
  const { recipe, id } = source.generation
  const alt = t.alt(recipe.prompt, image.index, recipe.count)
  return (
    <>
      <div className="relative">
        <Picture
          // A reason that holds for all of them stands below them once, with what can be done about it.
          image={source.retry === 'for-all' ? { ...image, error: null } : image}
          width={recipe.width}
          height={recipe.height}
          alt={alt}
          eager={eager}
        />
        {image.status === 'done' ? (
          <Link
            href={`/g/${id}?image=${image.index + 1}`}
            aria-label={`${t.open}: ${alt}`}
            className="absolute inset-0 rounded-picture"
          />
        ) : null}
      </div>
      <ImageStatus
        image={image}
        words={source.words(image)}
        onCancel={source.cancel}
        retry={source.retry}
        actions={<ImageActions source={source} image={image} />}
      />
    </>
  )
}
