'use client'
// Ends the session here and shows the Studio as a new visitor would see it. The draft stays.
import { useQueryClient } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { useCallback } from 'react'
import { notifyProblem } from '#app/ui/toast.tsx'
import { messages } from '../messages/index.ts'
import { authClient } from './auth-client.ts'
import { forgetSession } from './use-session.ts'

export function useSignOut(): () => Promise<void> {
  const queryClient = useQueryClient()
  const router = useRouter()
  return useCallback(async () => {
    const result = await authClient.signOut()
    if (result.error) {
      notifyProblem(messages.account.unreachable)
      return
    }
    await forgetSession(queryClient)
    router.push('/')
    router.refresh()
  }, [queryClient, router])
}
