'use client'
// One generation's page: the chosen picture large, the others beside it, the recipe and the actions.
import { useQuery } from '@tanstack/react-query'
import { ArrowLeft, Download, Share2, Shuffle, Trash2 } from 'lucide-react'
import Link from 'next/link'
import { usePathname, useRouter } from 'next/navigation'
import { parseAsInteger, useQueryState } from 'nuqs'
import { useState } from 'react'
import { useDevicePictureList, useDevicePictures } from '#app/device/pictures/use-device-pictures.ts'
import { requestAgain } from '#app/generations/request-again.ts'
import { useSubmit } from '#app/generations/submissions.ts'
import { useGenerationActions } from '#app/generations/use-generation-actions.ts'
import { useGenerationCache } from '#app/generations/use-generations.ts'
import { messages } from '#app/messages/index.ts'
import { newKey } from '#app/trpc/new-key.ts'
import { problemCode } from '#app/trpc/problem.ts'
import { useTRPC } from '#app/trpc/trpc.ts'
import { Button, buttonVariants } from '#app/ui/button.tsx'
import { IconButton } from '#app/ui/icon-button.tsx'
import type { GenerationDto, ImageDto } from '#contracts/generation.ts'
import { downloadUrl, ImageMenu } from '../actions/image-actions.tsx'
import { useReuse } from '../actions/use-reuse.ts'
import { ImageStatus } from '../image/image-status.tsx'
import { Picture } from '../image/picture.tsx'
import { ShareDialog } from '../share/share-dialog.tsx'
import { LocalDetail } from './local-detail.tsx'
import { Recipe } from './recipe.tsx'

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
  return picture === undefined ? <SavedDetail id={savedAs.get(id) ?? id} /> : <LocalDetail picture={picture} />
}

function SavedDetail({ id }: { id: string }) {
  const trpc = useTRPC()
  const cache = useGenerationCache()
  const [chosen, setChosen] = useQueryState('image', parseAsInteger.withDefault(1))
  const query = useQuery(trpc.generation.get.queryOptions({ id }, { placeholderData: () => cache.find(id) }))
  const generation = query.data
  if (generation === undefined) return query.isError ? <Missing error={query.error} /> : <Skeleton />
  const image = generation.images[chosen - 1] ?? generation.images[0]
  if (image === undefined) return <Missing error={null} />
  return (
    <>
      <h1 className="sr-only">{t.title}</h1>
      <div className="-ml-3 pb-3">
        <Link href="/history" className={buttonVariants({ variant: 'ghost', size: 'sm' })}>
          <ArrowLeft aria-hidden />
          {messages.shell.history}
        </Link>
      </div>
      <div className="grid gap-6 lg:grid-cols-[minmax(0,1fr)_22rem] lg:gap-10">
        <div className="flex min-w-0 flex-col gap-3">
          <Large generation={generation} image={image} />
          {generation.images.length > 1 ? (
            <ul aria-label={t.images} className="flex gap-2">
              {generation.images.map((each) => (
                <li key={each.id} className="w-20 sm:w-24">
                  <button
                    type="button"
                    aria-label={t.select(each.index + 1)}
                    aria-pressed={each.id === image.id}
                    onClick={() => void setChosen(each.index + 1)}
                    className="block w-full rounded-picture outline-offset-2 aria-pressed:outline-2 aria-pressed:outline-ink"
                  >
                    <Picture image={each} width={generation.recipe.width} height={generation.recipe.height} alt="" />
                  </button>
                </li>
              ))}
            </ul>
          ) : null}
        </div>
        <aside className="flex min-w-0 flex-col gap-6">
          <Actions generation={generation} image={image} />
          <Recipe generation={generation} image={image} />
        </aside>
      </div>
    </>
  )
}

function Large({ generation, image }: { generation: GenerationDto; image: ImageDto }) {
  const actions = useGenerationActions()
  const submit = useSubmit()
  const router = useRouter()
  const { recipe } = generation
  const retry = () => {
    void submit(requestAgain(generation, image, newKey()))
    router.push('/')
  }
  return (
    // The whole picture fits the screen: width follows from the height that is left.
    <div className="w-full" style={{ maxWidth: `calc((100dvh - 12rem) * ${recipe.width / recipe.height})` }}>
      <Picture
        key={image.id}
        image={image}
        width={recipe.width}
        height={recipe.height}
        alt={messages.image.alt(recipe.prompt, image.index, recipe.count)}
        eager
      />
      <ImageStatus
        image={image}
        onCancel={() => void actions.cancel(generation, image)}
        onRetry={recipe.input ? undefined : retry}
      />
    </div>
  )
}

function Actions({ generation, image }: { generation: GenerationDto; image: ImageDto }) {
  const [sharing, setSharing] = useState(false)
  const actions = useGenerationActions()
  const { reuse } = useReuse()
  const router = useRouter()
  const done = image.status === 'done'
  return (
    <div className="flex flex-wrap items-center gap-2">
      {done ? (
        <>
          <Button variant="primary" onClick={() => setSharing(true)}>
            <Share2 aria-hidden />
            {image.share ? messages.image.shared : messages.image.share}
          </Button>
          <a href={downloadUrl(image)} download className={buttonVariants()}>
            <Download aria-hidden />
            {messages.image.download}
          </a>
          <ImageMenu generation={generation} image={image} onShare={() => setSharing(true)} />
          <ShareDialog generation={generation} image={image} open={sharing} onOpenChange={setSharing} />
        </>
      ) : (
        <>
          <Button onClick={() => reuse(generation, image, 'remix')}>
            <Shuffle aria-hidden />
            {messages.image.remix}
          </Button>
          <IconButton
            label={messages.image.deleteMany(generation.images.length)}
            onClick={() => {
              void actions.remove(generation)
              router.push('/history')
            }}
          >
            <Trash2 aria-hidden />
          </IconButton>
        </>
      )}
    </div>
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
