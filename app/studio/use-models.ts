'use client'
// The installed models, and whether anything is there to run them: asked again while nobody is.
import { useQuery } from '@tanstack/react-query'
import { useTRPC } from '../lib/trpc.ts'

const ASK_AGAIN_MS = 5_000

export function useModels() {
  const trpc = useTRPC()
  return useQuery(
    trpc.model.list.queryOptions(undefined, {
      refetchInterval: ({ state }) => (state.data?.every((model) => model.workers.length > 0) ? false : ASK_AGAIN_MS),
    }),
  )
}
