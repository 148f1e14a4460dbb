'use client'
// History's states: nobody, loading, failed, empty, and the grid with its end.
import Link from 'next/link'
import { useFinishedDeviceGenerations } from '#app/device/pictures/use-device-pictures.ts'
import { useGenerationList } from '#app/generations/use-generations.ts'
import { messages } from '#app/messages/index.ts'
import { useMe } from '#app/session/use-session.ts'
import { Button, buttonVariants } from '#app/ui/button.tsx'
import { notSaved } from '../source/merge-by-age.ts'
import { HistoryGrid } from './history-grid.tsx'
import { historyTiles } from './history-tiles.ts'

const t = messages.history

export function HistoryView() {
  const me = useMe()
  const list = useGenerationList(me !== null && me !== undefined)
  const saved = list.data?.pages.flatMap((page) => page.items) ?? []
  const onDevice = notSaved(useFinishedDeviceGenerations(), saved)
  if (onDevice.length === 0 && list.isError && list.data === undefined) {
    return (
      <div role="alert" className="flex flex-col items-start gap-3">
        <p className="text-ink-2 text-sm leading-6">{t.failed}</p>
        <Button onClick={() => void list.refetch()}>{messages.studio.tryAgain}</Button>
      </div>
    )
  }
  if (onDevice.length === 0 && me !== null && list.data === undefined) return <Skeleton />
  const tiles = historyTiles([...onDevice, ...saved].sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1)))
  if (tiles.length === 0 && !list.hasNextPage) return <Empty />
  return (
    <>
      <HistoryGrid
        tiles={tiles}
        deviceIds={new Set(onDevice.map(({ id }) => id))}
        onEnd={() => {
          if (list.hasNextPage && !list.isFetchingNextPage && !list.isFetchNextPageError) void list.fetchNextPage()
        }}
      />
      <div className="flex min-h-16 items-center justify-center pt-6 text-ink-3 text-sm" aria-live="polite">
        {list.isFetchNextPageError ? (
          <p className="flex items-center gap-3">
            {t.failedMore}
            <Button size="sm" onClick={() => void list.fetchNextPage()}>
              {messages.studio.tryAgain}
            </Button>
          </p>
        ) : list.isError && list.data === undefined ? (
          <p className="flex items-center gap-3">
            {t.failed}
            <Button size="sm" onClick={() => void list.refetch()}>
              {messages.studio.tryAgain}
            </Button>
          </p>
        ) : list.hasNextPage ? (
          t.more
        ) : (
          t.end
        )}
      </div>
    </>
  )
}

function Skeleton() {
  return (
    <div role="status" aria-label={messages.studio.feedLoading} className="flex flex-wrap gap-2">
      {Array.from({ length: 12 }, (_, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: stand-ins have no identity but their place
        <div key={at} className="skeleton aspect-square h-40 rounded-picture sm:h-56" />
      ))}
    </div>
  )
}

function Empty() {
  return (
    <div className="mx-auto flex min-h-[50dvh] max-w-sm flex-col items-center justify-center gap-4 text-center">
      <div>
        <p className="font-semibold text-lg">{t.empty}</p>
        <p className="pt-1 text-ink-2 text-sm leading-6">{t.emptyHint}</p>
      </div>
      <Link href="/" className={buttonVariants({ variant: 'primary' })}>
        {t.emptyAction}
      </Link>
    </div>
  )
}
