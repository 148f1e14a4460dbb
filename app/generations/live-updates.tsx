'use client'
// The tab's one subscription: events go to the live steps and to the cached list. It starts where the list was read, so
// nothing falls between the two; after sleep or a lost connection tRPC's client goes on from the last id it saw.
import { useQueryClient } from '@tanstack/react-query'
import { useSubscription } from '@trpc/tanstack-react-query'
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useRef, useState } from 'react'
import { useStore } from 'zustand'
import { useTRPC } from '#app/trpc/trpc.ts'
import type { GenerationEvent } from '#contracts/generation.ts'
import { useMe } from '../session/use-session.ts'
import { announcesUnknown, applyEvent } from './apply-event.ts'
import { type LiveStep, LiveSteps } from './live-steps.ts'
import { useAwake } from './use-awake.ts'
import { useGenerationCache, useGenerationList } from './use-generations.ts'

/** Shorter interruptions are not worth a word. */
const LOST_NOTICE_AFTER_MS = 4_000

const LiveStepsContext = createContext<LiveSteps | null>(null)
const ConnectionLostContext = createContext(false)

export function useLiveSteps(): LiveSteps {
  const live = useContext(LiveStepsContext)
  if (live === null) throw new TypeError('useLiveSteps is used outside <LiveUpdates>')
  return live
}

/** The latest step of a running image; undefined before its first. */
export function useLiveStep(imageId: string): LiveStep | undefined {
  return useStore(useLiveSteps().store, (steps) => steps.get(imageId))
}

/** Whether events have been away long enough to tell. */
export function useConnectionLost(): boolean {
  return useContext(ConnectionLostContext)
}

export function LiveUpdates({ children }: { children: ReactNode }) {
  const [live] = useState(() => new LiveSteps())
  const [lost, setLost] = useState(false)
  const userId = useMe()?.id
  return (
    <LiveStepsContext value={live}>
      <ConnectionLostContext value={lost}>
        {userId === undefined ? null : <Following key={userId} live={live} onLost={setLost} />}
        {children}
      </ConnectionLostContext>
    </LiveStepsContext>
  )
}

interface FollowingProps {
  live: LiveSteps
  onLost: (lost: boolean) => void
}

function Following(props: FollowingProps) {
  const listedAt = useGenerationList(true).data?.pages[0]?.lastEventId
  const awake = useAwake()
  const seen = useRef<string | null>(null)
  const onSeen = useCallback((id: string) => {
    seen.current = id
  }, [])
  if (listedAt === undefined || !awake) return null
  return <Subscription {...props} startAt={() => seen.current ?? listedAt} onSeen={onSeen} />
}

interface SubscriptionProps extends FollowingProps {
  startAt: () => string
  onSeen: (id: string) => void
}

function Subscription({ live, onLost, startAt, onSeen }: SubscriptionProps) {
  const trpc = useTRPC()
  const cache = useGenerationCache()
  const queryClient = useQueryClient()
  // The list is read again now and then; the stream goes on from where it is.
  const [lastEventId] = useState(startAt)
  /** Not in the list even after it was read again: a check, or one far down. Every step of it must not read the list once more. */
  const asked = useRef(new Set<string>())

  const options = useMemo(
    () => ({
      onData: ({ id, data }: { id: string; data: GenerationEvent }) => {
        onSeen(id)
        live.take(data, performance.now())
        if (announcesUnknown(data, cache.known()) && !asked.current.has(data.generationId)) {
          asked.current.add(data.generationId)
          void cache.refresh()
        }
        cache.change(data.generationId, (generation) => applyEvent(generation, data))
        // Finished costs one, stopped or failed gives it back.
        if (data.type === 'image') void queryClient.invalidateQueries(trpc.session.me.queryFilter())
      },
    }),
    [cache, live, onSeen, queryClient, trpc],
  )
  const subscription = useSubscription(trpc.generation.events.subscriptionOptions({ lastEventId }, options))

  const away = subscription.status === 'connecting' || subscription.status === 'error'
  useEffect(() => {
    if (!away) {
      onLost(false)
      return
    }
    const timer = setTimeout(() => onLost(true), LOST_NOTICE_AFTER_MS)
    return () => clearTimeout(timer)
  }, [away, onLost])
  return null
}
