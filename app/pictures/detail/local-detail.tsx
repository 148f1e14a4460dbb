'use client'
// The page of a picture that is only in this browser: large, with its recipe, and the ways to keep it.
import { ArrowLeft, Download, Trash2 } from 'lucide-react'
import Link from 'next/link'
import { useRouter } from 'next/navigation'
import { parseAsInteger, useQueryState } from 'nuqs'
import { useMemo } from 'react'
import { type DevicePicture, toGeneration } from '#app/device/pictures/device-picture.ts'
import { useActivity, useDevicePictureList } from '#app/device/pictures/use-device-pictures.ts'
import { messages } from '#app/messages/index.ts'
import { buttonVariants } from '#app/ui/button.tsx'
import { IconButton } from '#app/ui/icon-button.tsx'
import { localFileName } from '../actions/local-image-menu.tsx'
import { LocalImageStatus } from '../actions/local-image-status.tsx'
import { useRemoveDevicePicture } from '../actions/use-remove-device-picture.ts'
import { Picture } from '../image/picture.tsx'
import { SavedWhere } from '../image/saved-where.tsx'
import { Recipe } from './recipe.tsx'

const t = messages.detail

export function LocalDetail({ picture }: { picture: DevicePicture }) {
  const { urls } = useDevicePictureList()
  const activity = useActivity(picture.id)
  const remove = useRemoveDevicePicture()
  const router = useRouter()
  const [chosen, setChosen] = useQueryState('image', parseAsInteger.withDefault(1))
  const generation = useMemo(() => toGeneration(picture, urls), [picture, urls])
  const image = generation.images[chosen - 1] ?? generation.images[0]
  if (image === undefined) return null
  const { recipe } = generation
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
          {/* The whole picture fits the screen: width follows from the height that is left. */}
          <div className="w-full" style={{ maxWidth: `calc((100dvh - 12rem) * ${recipe.width / recipe.height})` }}>
            <Picture
              key={image.id}
              image={image}
              width={recipe.width}
              height={recipe.height}
              alt={messages.image.alt(recipe.prompt, image.index, recipe.count)}
              eager
            />
            <LocalImageStatus picture={picture} generation={generation} image={image} activity={activity} />
          </div>
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
                    <Picture image={each} width={recipe.width} height={recipe.height} alt="" />
                  </button>
                </li>
              ))}
            </ul>
          ) : null}
        </div>
        <aside className="flex min-w-0 flex-col gap-6">
          <div className="flex flex-wrap items-center gap-2">
            {image.url === null ? null : (
              <a href={image.url} download={localFileName(picture, image)} className={buttonVariants()}>
                <Download aria-hidden />
                {messages.image.download}
              </a>
            )}
            <IconButton
              label={messages.image.deleteMany(generation.images.length)}
              onClick={() => {
                void remove(picture)
                router.push('/history')
              }}
            >
              <Trash2 aria-hidden />
            </IconButton>
          </div>
          <SavedWhere picture={picture} />
          <Recipe generation={generation} image={image} isOnServer={false} />
        </aside>
      </div>
    </>
  )
}
