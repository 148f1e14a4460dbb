'use client'
// Hooks over this browser's runs: those the person in front of it may see, what is happening to them, and who they belong to.
import { useMemo, useSyncExternalStore } from 'react'
import { useOnline } from '#app/offline/use-online.ts'
import { useMe } from '#app/session/use-session.ts'
import type { GenerationDto } from '#contracts/generation.ts'
import { type Activity, NO_ACTIVITIES } from './activity.ts'
import { deviceRunner, localRuns } from './local-device.ts'
import { hasPictures, isOpenRun, type LocalRun, toGeneration } from './local-run.ts'
import { NO_RUNS, type RunList } from './local-runs.ts'
import { lastOwner } from './owner.ts'

/** The person signed in, or who was when the server last answered; null: nobody; undefined: not known yet. */
export function useOwnerId(): string | null | undefined {
  const me = useMe()
  const online = useOnline()
  if (me !== undefined) return me?.id ?? null
  return online ? undefined : (lastOwner()?.id ?? null)
}

export function useRunList(): RunList {
  return useSyncExternalStore(localRuns.subscribe, localRuns.getSnapshot, () => NO_RUNS)
}

/** Newest first. What was made before anyone signed in belongs to whoever uses this browser. */
export function useLocalRuns(): readonly LocalRun[] {
  const { runs } = useRunList()
  const ownerId = useOwnerId()
  return useMemo(
    () => (ownerId === undefined ? [] : runs.filter((run) => run.ownerId === null || run.ownerId === ownerId)),
    [runs, ownerId],
  )
}

/** Runs of this device in the shape of generations, newest first. */
export function useLocalGenerations(): readonly GenerationDto[] {
  const { urls } = useRunList()
  const runs = useLocalRuns()
  return useMemo(() => runs.map((run) => toGeneration(run, urls)), [runs, urls])
}

/** Those with finished pictures and nothing under way. */
export function useFinishedLocalGenerations(): readonly GenerationDto[] {
  const finished = new Set(
    useLocalRuns()
      .filter((run) => hasPictures(run) && !isOpenRun(run))
      .map(({ id }) => id),
  )
  return useLocalGenerations().filter(({ id }) => finished.has(id))
}

export function useActivity(runId: string): Activity | undefined {
  const runner = typeof window === 'undefined' ? undefined : deviceRunner()
  const activities = useSyncExternalStore(
    runner?.subscribe ?? never,
    runner?.getSnapshot ?? (() => NO_ACTIVITIES),
    () => NO_ACTIVITIES,
  )
  return activities.get(runId)
}

const never = () => () => undefined
