'use client'
// One image in every state of its life, always in the same box: the frame, the stand-in or the forming latents, and the
// picture on top once it has arrived.
import { type ReactNode, useMemo, useState } from 'react'
import { useLiveStep } from '#app/generations/live-updates.tsx'
import { messages } from '#app/messages/index.ts'
import { cn } from '#app/ui/cn.ts'
import type { ImageDto } from '#contracts/generation.ts'
import { FormingCanvas } from './forming-canvas.tsx'
import { thumbhashUrl } from './thumbhash-url.ts'

interface PictureProps {
  image: ImageDto
  /** Of the picture in pixels: the box has this shape from the start. */
  width: number
  height: number
  alt: string
  /** Over the picture: state, actions. */
  children?: ReactNode
  className?: string
  eager?: boolean
}

export function Picture({ image, width, height, alt, children, className, eager = false }: PictureProps) {
  const step = useLiveStep(image.id)
  const [arrived, setArrived] = useState(false)
  const standIn = useMemo(() => thumbhashUrl(image.thumbhash), [image.thumbhash])
  const preview = step?.preview ?? image.preview
  const forming = preview !== null && (image.status === 'running' || (image.status === 'done' && !arrived))
  const waiting = image.status === 'queued' || (image.status === 'running' && preview === null)

  return (
    <div
      className={cn(
        'relative isolate w-full overflow-hidden rounded-picture bg-frame',
        waiting && 'skeleton',
        className,
      )}
      style={{ aspectRatio: `${width} / ${height}` }}
    >
      {image.status === 'done' && standIn !== null && !arrived && !forming ? (
        // biome-ignore lint/performance/noImgElement: a data URL of 32 pixels
        <img src={standIn} alt="" aria-hidden className="absolute inset-0 size-full" />
      ) : null}
      {forming ? (
        <FormingCanvas
          preview={preview}
          progress={step && step.steps > 0 ? step.step / step.steps : 1}
          className="absolute inset-0 size-full"
        />
      ) : null}
      {image.url === null ? null : (
        // biome-ignore lint/performance/noImgElement: private bytes behind the session; the optimiser would not see them
        <img
          // A cached picture may be complete before React listens.
          ref={(element) => {
            if (element?.complete && element.naturalWidth > 0) setArrived(true)
          }}
          src={image.url}
          alt={alt}
          width={width}
          height={height}
          loading={eager ? 'eager' : 'lazy'}
          decoding="async"
          onLoad={() => setArrived(true)}
          className={cn(
            'absolute inset-0 size-full object-cover transition-opacity duration-500',
            arrived ? 'opacity-100' : 'opacity-0',
          )}
        />
      )}
      {image.status === 'failed' ? (
        <p className="absolute inset-0 grid place-items-center p-4 text-center text-danger text-sm leading-6">
          {image.error?.message ?? messages.image.failed}
        </p>
      ) : null}
      {children}
    </div>
  )
}
