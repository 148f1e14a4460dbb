'use client'
// Mounted once beside the pages: reads what this browser holds, takes up runs that a closed tab left behind, saves what waits
// for the history, and lets the tab's title say how far a picture is.
import { useQueryClient } from '@tanstack/react-query'
import { createContext, type ReactNode, useContext, useEffect, useEffectEvent, useMemo } from 'react'
import { useLiveSteps } from '#app/generations/live-updates.tsx'
import { useMe } from '#app/session/use-session.ts'
import { connectRunner, deviceRunner, localRuns } from './local-device.ts'
import { isOpenRun, type LocalRun } from './local-run.ts'
import { rememberOwner } from './owner.ts'
import { TitleProgress } from './title-progress.tsx'
import { forgetDeviceFit } from './use-device-fit.ts'
import { useLocalRuns, useOwnerId, useRunList } from './use-local-runs.ts'
import { useOutbox } from './use-outbox.ts'

interface LocalActions {
  /** Begins a run on this device; resolves when it has ended. */
  start(run: LocalRun): Promise<void>
  /** Into the history of whoever is signed in. */
  keep(runs: readonly LocalRun[]): Promise<void>
}

const LocalActionsContext = createContext<LocalActions | null>(null)

export function useLocalActions(): LocalActions {
  const actions = useContext(LocalActionsContext)
  if (actions === null) throw new TypeError('useLocalActions is used outside <LocalDevice>')
  return actions
}

export function LocalDevice({ children }: { children: ReactNode }) {
  const live = useLiveSteps()
  const me = useMe()
  const ownerId = useOwnerId()
  const { loaded } = useRunList()
  const runs = useLocalRuns()
  const flush = useOutbox(ownerId)
  const queryClient = useQueryClient()

  useEffect(() => {
    connectRunner({ live, onEnded: flush, onDeviceChanged: () => void forgetDeviceFit(queryClient) })
    void localRuns.load()
  }, [live, flush, queryClient])

  useEffect(() => {
    if (me === undefined) return
    const guestId = rememberOwner(me)
    if (guestId !== null && me !== null) void adopt(guestId, me.id).then(flush)
  }, [me, flush])

  // Whichever tab holds a run carries it out; the others wait behind it and find it done, or take it over.
  const openIds = runs.filter(isOpenRun).map(({ id }) => id)
  const takeAll = useEffectEvent(() => {
    for (const id of openIds) void deviceRunner().take(id)
  })
  const key = openIds.join(' ')
  useEffect(() => {
    if (loaded && key !== '') takeAll()
  }, [loaded, key])

  const actions = useMemo<LocalActions>(
    () => ({
      start: (run) => deviceRunner().start(run),
      keep: async (chosen) => {
        if (ownerId === null || ownerId === undefined) return
        for (const { id } of chosen)
          await localRuns.update(id, (run) => ({ ...run, ownerId, keep: 'history', refusal: null }))
        flush()
      },
    }),
    [ownerId, flush],
  )
  return (
    <LocalActionsContext value={actions}>
      <TitleProgress runs={runs} />
      {children}
    </LocalActionsContext>
  )
}

/** What a guest made goes with them into the account they became. */
async function adopt(guestId: string, accountId: string): Promise<void> {
  await localRuns.load()
  for (const { id, ownerId } of localRuns.getSnapshot().runs) {
    if (ownerId === guestId) await localRuns.update(id, (run) => ({ ...run, ownerId: accountId }))
  }
}
