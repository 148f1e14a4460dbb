'use client'
// Who is here. A visitor without a session is signed in as a guest the first time something has to be kept for them.
import { type QueryClient, useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback } from 'react'
import { problemCode } from '#app/trpc/problem.ts'
import { useTRPC, useTRPCClient } from '#app/trpc/trpc.ts'
import type { MeDto } from '#contracts/generation.ts'
import { authClient } from './auth-client.ts'

/** undefined while it is not known yet, null for nobody. */
export function useMe(): MeDto | null | undefined {
  const trpc = useTRPC()
  const query = useQuery(trpc.session.me.queryOptions())
  if (query.data !== undefined) return query.data
  return problemCode(query.error) === 'auth.required' ? null : undefined
}

/** One guest sign-in at a time: two clicks in a row must not make two guests. */
let signingIn: Promise<void> | undefined

export function useEnsureSession(): () => Promise<void> {
  const trpc = useTRPC()
  const client = useTRPCClient()
  const queryClient = useQueryClient()
  return useCallback(async () => {
    const queryKey = trpc.session.me.queryKey()
    if (queryClient.getQueryData(queryKey)) return
    signingIn ??= (async () => {
      const current = await client.session.me.query().catch((error: unknown) => {
        if (problemCode(error) === 'auth.required') return null
        throw error
      })
      if (current === null) {
        const result = await authClient.signIn.anonymous()
        if (result.error) throw new Error(result.error.message ?? 'Guest sign-in was refused')
      }
      queryClient.setQueryData(queryKey, await client.session.me.query())
    })().finally(() => {
      signingIn = undefined
    })
    await signingIn
  }, [trpc, client, queryClient])
}

/** After sign-in, sign-up or sign-out nothing that was cached belongs to the person any more. */
export async function forgetSession(queryClient: QueryClient): Promise<void> {
  await queryClient.cancelQueries()
  queryClient.clear()
}
