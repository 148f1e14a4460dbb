'use client'
// A picture's address: whether it is this browser's or the history's, and what stands there until it is known, or in its place.
import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { usePathname } from 'next/navigation'
import type { DevicePicture } from '#app/device/pictures/device-picture.ts'
import { useDevicePictureList, useDevicePictures } from '#app/device/pictures/use-device-pictures.ts'
import { useGenerationCache } from '#app/generations/use-generations.ts'
import { messages } from '#app/messages/index.ts'
import { problemCode } from '#app/trpc/problem.ts'
import { useTRPC } from '#app/trpc/trpc.ts'
import { buttonVariants } from '#app/ui/button.tsx'
import type { GenerationDto } from '#contracts/generation.ts'
import { SavedWhere } from '../image/saved-where.tsx'
import { useDeviceSource } from '../source/use-device-source.ts'
import { useServerSource } from '../source/use-server-source.ts'
import { PictureDetail } from './picture-detail.tsx'

const t = messages.detail

/**
 * A picture that is only in this browser, or one of the history. Which one, the address says: without a network every
 * picture's page comes from one kept frame (app/offline/service-worker.js).
 */
export function DetailView() {
  const id = usePathname().split('/')[2] ?? ''
  const { loaded, savedAs } = useDevicePictureList()
  const picture = useDevicePictures().find((one) => one.id === id)
  if (!loaded) return <Skeleton />
  return picture === undefined ? <OfHistory id={savedAs.get(id) ?? id} /> : <OfDevice picture={picture} />
}

function OfHistory({ id }: { id: string }) {
  const trpc = useTRPC()
  const cache = useGenerationCache()
  const query = useQuery(trpc.generation.get.queryOptions({ id }, { placeholderData: () => cache.find(id) }))
  if (query.data === undefined) return query.isError ? <Missing error={query.error} /> : <Skeleton />
  return query.data.images.length === 0 ? <Missing error={null} /> : <OfServer generation={query.data} />
}

function OfServer({ generation }: { generation: GenerationDto }) {
  return <PictureDetail source={useServerSource(generation)} />
}

function OfDevice({ picture }: { picture: DevicePicture }) {
  return (
    <PictureDetail source={useDeviceSource(picture)}>
      <SavedWhere picture={picture} />
    </PictureDetail>
  )
}

function Skeleton() {
  return (
    <div role="status" aria-label={messages.studio.feedLoading} className="grid gap-6 pt-12 lg:grid-cols-[1fr_20rem]">
      <div className="skeleton aspect-square w-full max-w-[calc(100dvh-12rem)] rounded-picture" />
      <div className="skeleton h-48 rounded-card" />
    </div>
  )
}

function Missing({ error }: { error: unknown }) {
  const code = problemCode(error)
  const gone = error === null || code === 'not-found' || code === 'auth.required' || code === 'input.invalid'
  return (
    <div className="mx-auto flex min-h-[50dvh] max-w-sm flex-col items-center justify-center gap-4 text-center">
      <div>
        <h1 className="font-semibold text-lg">{gone ? t.notFound : messages.problem.errorTitle}</h1>
        <p className="pt-1 text-ink-2 text-sm leading-6">{gone ? t.notFoundHint : messages.problem.error}</p>
      </div>
      <Link href="/history" className={buttonVariants()}>
        {messages.shell.history}
      </Link>
    </div>
  )
}
