'use client'
// One picture's page: the chosen image large, the others beside it, the actions and the recipe.
import { ArrowLeft, Download, Share2, Shuffle, Trash2 } from 'lucide-react'
import Link from 'next/link'
import { useRouter } from 'next/navigation'
import { parseAsInteger, useQueryState } from 'nuqs'
import { type ReactNode, useState } from 'react'
import { useReuse } from '#app/draft/use-reuse.ts'
import { messages } from '#app/messages/index.ts'
import { Button, buttonVariants } from '#app/ui/button.tsx'
import { IconButton } from '#app/ui/icon-button.tsx'
import type { ImageDto } from '#contracts/generation.ts'
import { ImageMenu } from '../actions/image-actions.tsx'
import { ImageStatus } from '../image/image-status.tsx'
import { Picture } from '../image/picture.tsx'
import { ShareDialog } from '../share/share-dialog.tsx'
import type { PictureSource } from '../source/picture-source.ts'
import { Recipe } from './recipe.tsx'

const t = messages.detail

interface PictureDetailProps {
  source: PictureSource
  /** Between the actions and the recipe. */
  children?: ReactNode
}

export function PictureDetail({ source, children }: PictureDetailProps) {
  const [chosen, setChosen] = useQueryState('image', parseAsInteger.withDefault(1))
  const { generation } = source
  const { recipe, images } = generation
  const image = images[chosen - 1] ?? images[0]
  if (image === undefined) return null
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
          <Large source={source} image={image} />
          {images.length > 1 ? (
            <ul aria-label={t.images} className="flex gap-2">
              {images.map((each) => (
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
          <Actions source={source} image={image} />
          {children}
          <Recipe generation={generation} image={image} isInHistory={source.isInHistory} />
        </aside>
      </div>
    </>
  )
}

interface PartProps {
  source: PictureSource
  image: ImageDto
}

function Large({ source, image }: PartProps) {
  const router = useRouter()
  const { recipe } = source.generation
  const { retry } = source
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
        words={source.words(image)}
        onCancel={source.cancel}
        retry={
          typeof retry === 'string'
            ? retry
            : (failed) => {
                retry(failed)
                // Where the new one forms.
                router.push('/')
              }
        }
      />
    </div>
  )
}

function Actions({ source, image }: PartProps) {
  const [sharing, setSharing] = useState(false)
  const { reuse } = useReuse()
  const router = useRouter()
  const { generation, isInHistory } = source
  const leave = () => router.push('/history')
  const [png] = source.downloads(image)
  return (
    <div className="flex flex-wrap items-center gap-2">
      {image.status === 'done' ? (
        <>
          {isInHistory ? (
            <Button variant="primary" onClick={() => setSharing(true)}>
              <Share2 aria-hidden />
              {image.share ? messages.image.shared : messages.image.share}
            </Button>
          ) : null}
          {png === undefined ? null : (
            <a href={png.href} download={png.fileName} className={buttonVariants()}>
              <Download aria-hidden />
              {png.label}
            </a>
          )}
          <ImageMenu
            source={source}
            image={image}
            onRemoved={leave}
            {...(isInHistory && { onShare: () => setSharing(true) })}
          />
          {isInHistory ? (
            <ShareDialog generation={generation} image={image} open={sharing} onOpenChange={setSharing} />
          ) : null}
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
              source.remove()
              leave()
            }}
          >
            <Trash2 aria-hidden />
          </IconButton>
        </>
      )}
    </div>
  )
}
