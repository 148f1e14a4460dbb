'use client'
// How much of the room this browser gives Dewpoint is used, and whether the browser may clear it by itself.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { messages } from '#app/messages/index.ts'
import { Section } from '#app/session/account-view.tsx'
import { Button } from '#app/ui/button.tsx'
import { notify, notifyProblem } from '#app/ui/toast.tsx'

const t = messages.storage

interface RoomFacts {
  /** null: the browser does not say. */
  readonly usage: number | null
  readonly quota: number | null
  readonly persisted: boolean
}

async function readRoom(): Promise<RoomFacts> {
  const [estimate, persisted] = await Promise.all([navigator.storage?.estimate?.(), navigator.storage?.persisted?.()])
  return { usage: estimate?.usage ?? null, quota: estimate?.quota ?? null, persisted: persisted ?? false }
}

export function Room() {
  const queryClient = useQueryClient()
  const { data } = useQuery({ queryKey: ['room'], networkMode: 'always', staleTime: 0, queryFn: readRoom })
  if (data === undefined) return null
  const { usage, quota, persisted } = data
  const persist = async () => {
    const isKept = await navigator.storage?.persist?.()
    await queryClient.invalidateQueries({ queryKey: ['room'] })
    if (isKept === true) notify(t.persisted)
    else notifyProblem(t.persistRefused)
  }
  return (
    <Section title={t.quota}>
      {usage === null || quota === null ? (
        <p className="text-ink-2 text-sm leading-6">{t.quotaUnknown}</p>
      ) : (
        <div className="flex flex-col gap-2">
          <div aria-hidden className="h-1.5 overflow-hidden rounded-full bg-line">
            <div
              className="h-full origin-left bg-accent"
              style={{ transform: `scaleX(${quota === 0 ? 1 : Math.min(1, usage / quota)})` }}
            />
          </div>
          <p className="text-ink-2 text-sm leading-6 tabular-nums">{t.quotaUsed(usage, quota)}</p>
        </div>
      )}
      <div className="flex flex-wrap items-center justify-between gap-2">
        <p className="text-ink-2 text-sm leading-6">{persisted ? t.persisted : t.notPersisted}</p>
        {persisted ? null : (
          <Button size="sm" onClick={() => void persist()}>
            {t.persist}
          </Button>
        )}
      </div>
    </Section>
  )
}
