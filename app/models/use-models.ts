'use client'
// The installed models, and whether anything is there to run them: asked again while nobody is. Without a network, those the
// server last listed.
import { useQuery } from '@tanstack/react-query'
import { useEffect, useMemo } from 'react'
import { useOnline } from '#app/offline/use-online.ts'
import { useTRPC } from '#app/trpc/trpc.ts'
import { keepModels, keptModels } from './kept-models.ts'

const ASK_AGAIN_MS = 5_000

export function useModels() {
  const trpc = useTRPC()
  const online = useOnline()
  const { data, isError } = useQuery(
    trpc.model.list.queryOptions(undefined, {
      refetchInterval: ({ state }) => (state.data?.every((model) => model.workers.length > 0) ? false : ASK_AGAIN_MS),
    }),
  )
  useEffect(() => {
    if (data !== undefined) keepModels(data)
  }, [data])
  const isAway = data === undefined && (!online || isError)
  const kept = useMemo(() => (isAway ? keptModels() : undefined), [isAway])
  return { data: data ?? kept, isError: isError && kept === undefined }
}
