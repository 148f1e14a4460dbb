'use client'
// Clicks on Generate that the server has not answered yet. Each keeps its request and its key, so that trying again after
// a lost answer cannot make a second generation.
import { useQueryClient } from '@tanstack/react-query'
import pRetry from 'p-retry'
import { useCallback } from 'react'
import { create } from 'zustand'
import { useEnsureSession } from '#app/session/use-session.ts'
import { isTransient, problemText } from '#app/trpc/problem.ts'
import { useTRPC, useTRPCClient } from '#app/trpc/trpc.ts'
import type { CreateGenerationRequest } from '#contracts/generation.ts'
import { useGenerationCache } from './use-generations.ts'

export interface Submission {
  readonly request: CreateGenerationRequest
  readonly problem: string | null
}

/** Tries that the person does not see, within six seconds; then they are asked. */
const PATIENCE = { retries: 3, minTimeout: 400, factor: 3 }

const useSubmissionStore = create<{ readonly open: readonly Submission[] }>(() => ({ open: [] }))
const change = (how: (open: readonly Submission[]) => readonly Submission[]) =>
  useSubmissionStore.setState(({ open }) => ({ open: how(open) }))

export function useSubmissions(): readonly Submission[] {
  return useSubmissionStore().open
}

export function dismiss(key: string): void {
  change((open) => open.filter((one) => one.request.idempotencyKey !== key))
}

export function useSubmit(): (request: CreateGenerationRequest) => Promise<void> {
  const ensureSession = useEnsureSession()
  const client = useTRPCClient()
  const cache = useGenerationCache()
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  return useCallback(
    async (request) => {
      const key = request.idempotencyKey
      change((open) => [{ request, problem: null }, ...open.filter((one) => one.request.idempotencyKey !== key)])
      try {
        await pRetry(
          async () => {
            await ensureSession()
            const generation = await client.generation.create.mutate(request)
            cache.put(generation)
            if (!cache.known().has(generation.id)) await cache.refresh()
          },
          { ...PATIENCE, shouldRetry: ({ error }) => isTransient(error) },
        )
        dismiss(key)
        void queryClient.invalidateQueries(trpc.session.me.queryFilter())
      } catch (error) {
        const problem = problemText(error)
        change((open) => open.map((one) => (one.request.idempotencyKey === key ? { request, problem } : one)))
      }
    },
    [ensureSession, client, cache, trpc, queryClient],
  )
}
