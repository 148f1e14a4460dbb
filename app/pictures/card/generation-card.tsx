'use client'
// One click on Generate, as it stands in the feed: its images in their right shape from the start, its words, its actions.
import { Shuffle, Square, Trash2 } from 'lucide-react'
import Link from 'next/link'
import { hasEnded } from '#app/generations/apply-event.ts'
import { requestAgain } from '#app/generations/request-again.ts'
import { useSubmit } from '#app/generations/submissions.ts'
import { useGenerationActions } from '#app/generations/use-generation-actions.ts'
import { messages } from '#app/messages/index.ts'
import { newKey } from '#app/trpc/new-key.ts'
import { Button } from '#app/ui/button.tsx'
import { cn } from '#app/ui/cn.ts'
import { IconButton } from '#app/ui/icon-button.tsx'
import { Time } from '#app/ui/time.tsx'
import type { GenerationDto, ImageDto } from '#contracts/generation.ts'
import { SAMPLERS } from '#contracts/samplers.ts'
import { ImageActions } from '../actions/image-actions.tsx'
import { useReuse } from '../actions/use-reuse.ts'
import { ImageStatus } from '../image/image-status.tsx'
import { Picture } from '../image/picture.tsx'

const t = messages.image

/** One image large, several in pairs: rows keep one height whatever the count. */
export function imageGridClass(count: number): string {
  return cn('grid gap-x-3 gap-y-1', count === 1 ? 'max-w-[512px] grid-cols-1' : 'max-w-[600px] grid-cols-2')
}

export function GenerationCard({ generation, eager }: { generation: GenerationDto; eager: boolean }) {
  const { recipe, images } = generation
  const actions = useGenerationActions()
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
    >
      <ul className={cn(imageGridClass(shown.length), 'w-full empty:hidden')}>
        {shown.map((image) => (
          <li key={image.id} className="min-w-0">
            <FeedImage generation={generation} image={image} eager={eager} />
          </li>
        ))}
      </ul>
      <div className="flex min-w-0 flex-col gap-2 xl:pt-1">
        <p className="line-clamp-3 max-w-prose text-[15px] text-ink leading-6" dir="auto" title={recipe.prompt}>
          {recipe.prompt}
        </p>
        <p className="text-ink-3 text-xs leading-5 tabular-nums">
          <Time iso={generation.createdAt} /> · {SAMPLERS[recipe.sampler].label}, {recipe.steps} · {recipe.width} ×{' '}
          {recipe.height}
        </p>
        {stopped === 0 ? null : <p className="text-ink-2 text-sm leading-6">{t.stopped(stopped)}</p>}
        <div className="-ml-2 flex items-center gap-1.5">
          {running.length > 1 ? (
            <Button variant="ghost" size="sm" onClick={() => void actions.cancel(generation)}>
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
            <IconButton label={t.deleteMany(images.length)} onClick={() => void actions.remove(generation)}>
              <Trash2 aria-hidden />
            </IconButton>
          ) : null}
        </div>
      </div>
    </article>
  )
}

interface FeedImageProps {
  generation: GenerationDto
  image: ImageDto
  eager: boolean
}

function FeedImage({ generation, image, eager }: FeedImageProps) {
  const actions = useGenerationActions()
  const submit = useSubmit()
  const { recipe } = generation
  const alt = t.alt(recipe.prompt, image.index, recipe.count)
  // The picture an image started from is not in its recipe, so only its owner can bring it back.
  const retry = recipe.input ? undefined : () => void submit(requestAgain(generation, image, newKey()))
  return (
    <>
      <div className="relative">
        <Picture image={image} width={recipe.width} height={recipe.height} alt={alt} eager={eager} />
        {image.status === 'done' ? (
          <Link
            href={`/g/${generation.id}?image=${image.index + 1}`}
            aria-label={`${t.open}: ${alt}`}
            className="absolute inset-0 rounded-picture"
          />
        ) : null}
      </div>
      <ImageStatus
        image={image}
        onCancel={() => void actions.cancel(generation, image)}
        onRetry={retry}
        actions={<ImageActions generation={generation} image={image} />}
      />
    </>
  )
}
