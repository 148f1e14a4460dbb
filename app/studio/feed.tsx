'use client'
// What was made, newest first: clicks on their way, then generations; empty, loading and error states of its own.
import { ArrowUpLeft } from 'lucide-react'
import Link from 'next/link'
import type { DevicePicture } from '#app/device/pictures/device-picture.ts'
import { updateDraft } from '#app/draft/draft-store.ts'
import type { Submission } from '#app/generations/submissions.ts'
import { messages } from '#app/messages/index.ts'
import { DevicePictureCard } from '#app/pictures/card/device-picture-card.tsx'
import { GenerationCard } from '#app/pictures/card/generation-card.tsx'
import { SubmissionCard } from '#app/pictures/card/submission-card.tsx'
import { mergeByAge } from '#app/pictures/source/merge-by-age.ts'
import { Button, buttonVariants } from '#app/ui/button.tsx'
import type { GenerationDto } from '#contracts/generation.ts'

const t = messages.studio

/** The feed is for what is being worked on; everything older is History's. */
const FEED_LENGTH = 12
/** Above the fold on a tall screen. */
const EAGER_COUNT = 2

interface FeedProps {
  submissions: readonly Submission[]
  generations: readonly GenerationDto[] | undefined
  /** Those that are not in the history (yet). */
  devicePictures: readonly DevicePicture[]
  /** Nobody is signed in, so there is nothing to wait for. */
  nobody: boolean
  failed: boolean
  onRetry: () => void
  examples: readonly string[]
}

export function Feed({ submissions, generations, devicePictures, nobody, failed, onRetry, examples }: FeedProps) {
  const shown = mergeByAge(devicePictures, generations ?? []).slice(0, FEED_LENGTH)
  if (submissions.length === 0 && shown.length === 0) {
    if (failed) return <Failed onRetry={onRetry} />
    if (generations === undefined && !nobody) return <Loading />
    return <Empty examples={examples} />
  }
  return (
    <div className="flex flex-col gap-10">
      {submissions.map((submission) => (
        <SubmissionCard key={submission.request.idempotencyKey} submission={submission} />
      ))}
      {failed && generations === undefined ? <Failed onRetry={onRetry} /> : null}
      {shown.map((one, at) =>
        one.kind === 'device' ? (
          <DevicePictureCard key={one.picture.id} picture={one.picture} eager={at < EAGER_COUNT} />
        ) : (
          <GenerationCard key={one.generation.id} generation={one.generation} eager={at < EAGER_COUNT} />
        ),
      )}
      {(generations?.length ?? 0) + devicePictures.length > FEED_LENGTH ? (
        <Link href="/history" className={`${buttonVariants({ variant: 'secondary' })} self-start`}>
          {t.feedMore}
        </Link>
      ) : null}
    </div>
  )
}

function Empty({ examples }: { examples: readonly string[] }) {
  return (
    <div className="mx-auto flex min-h-[60dvh] max-w-md flex-col justify-center gap-6 lg:min-h-[calc(100dvh-10rem)]">
      <p className="text-balance font-semibold text-2xl text-ink leading-8 tracking-[-0.015em]">{t.emptyTitle}</p>
      {examples.length === 0 ? null : (
        <div className="flex flex-col gap-2">
          <p className="text-ink-2 text-sm">{t.emptyHint}</p>
          <ul className="flex flex-col border-line border-t">
            {examples.slice(0, 5).map((example) => (
              <li key={example} className="border-line border-b">
                <button
                  type="button"
                  className="group flex min-h-12 w-full items-center justify-between gap-4 py-2 text-left text-[15px] text-ink leading-6"
                  onClick={() => {
                    updateDraft({ prompt: example })
                    document.getElementById('prompt')?.focus()
                  }}
                >
                  {example}
                  <ArrowUpLeft
                    aria-hidden
                    className="size-4 shrink-0 text-ink-3 transition-colors group-hover:text-accent"
                  />
                </button>
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  )
}

function Loading() {
  return (
    <div role="status" aria-label={t.feedLoading} className="grid gap-x-8 gap-y-3 xl:grid-cols-[600px_minmax(0,1fr)]">
      <div className="skeleton aspect-square w-full max-w-[512px] rounded-picture" />
      <div className="flex flex-col gap-3">
        <div className="skeleton h-4 w-4/5 rounded" />
        <div className="skeleton h-4 w-2/5 rounded" />
      </div>
    </div>
  )
}

function Failed({ onRetry }: { onRetry: () => void }) {
  return (
    <div role="alert" className="flex flex-col items-start gap-3">
      <p className="text-ink-2 text-sm leading-6">{t.loadFailed}</p>
      <Button onClick={onRetry}>{t.tryAgain}</Button>
    </div>
  )
}
