'use client'
// Clicks on Generate that the server has not answered yet. Each keeps its request and its key, so that trying again after
// a lost answer cannot make a second generation.
import { useQueryClient } from '@tanstack/react-query'
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

/** Waits between tries that the person does not see; then they are asked. */
const RETRY_DELAYS_MS = [400, 1_500, 4_000]

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
      for (let tries = 0; ; tries += 1) {
        try {
          await ensureSession()
          const generation = await client.generation.create.mutate(request)
          cache.put(generation)
          if (!cache.known().has(generation.id)) await cache.refresh()
          dismiss(key)
          void queryClient.invalidateQueries(trpc.session.me.queryFilter())
          return
        } catch (error) {
          const delayMs = RETRY_DELAYS_MS[tries]
          if (delayMs === undefined || !isTransient(error)) {
            const problem = problemText(error)
            change((open) => open.map((one) => (one.request.idempotencyKey === key ? { request, problem } : one)))
            return
          }
          await new Promise((resolve) => setTimeout(resolve, delayMs))
        }
      }
    },
    [ensureSession, client, cache, trpc, queryClient],
  )
}
