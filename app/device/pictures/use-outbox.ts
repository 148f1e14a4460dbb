'use client'
// Keeps the outbox moving: when a picture has ended, when somebody signs in, when the network is back, when the tab is looked at
// again, and after a while when a try failed.
import { useCallback, useEffect, useRef } from 'react'
import { useGenerationCache } from '#app/generations/use-generations.ts'
import { isTransient, problemCode, problemText } from '#app/trpc/problem.ts'
import { useTRPCClient } from '#app/trpc/trpc.ts'
import { notifyProblem } from '#app/ui/toast.tsx'
import { flushOutbox } from './outbox.ts'
import { devicePictures } from './this-device.ts'

const RETRY_AFTER_MS = 15_000
/** Tomorrow's room opens at midnight UTC; asking each quarter of an hour finds it soon enough. */
const RETRY_FULL_AFTER_MS = 15 * 60_000

/** Answers to a picture that will not change however often it is sent. */
const FINAL = new Set([
  'input.invalid',
  'model.unavailable',
  'upload.unreadable',
  'upload.too-large',
  'idempotency.mismatch',
])

class PutFailed extends Error {}

async function put(url: string, headers: Record<string, string>, png: Blob): Promise<void> {
  const named = Object.entries(headers).filter(([name]) => !/^(content-length|host)$/i.test(name))
  const response = await fetch(url, { method: 'PUT', headers: Object.fromEntries(named), body: png })
  if (!response.ok) throw new PutFailed(`The bucket answered ${response.status}`)
}

function refusalOf(error: unknown): string | null {
  if (error instanceof RangeError) return error.message
  return FINAL.has(problemCode(error) ?? '') ? problemText(error) : null
}

/** @returns a function that tries to save what waits, now. */
export function useOutbox(ownerId: string | null | undefined): () => void {
  const client = useTRPCClient()
  const cache = useGenerationCache()
  const wasTold = useRef(false)
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  const flush = useCallback(() => {
    clearTimeout(timer.current)
    if (ownerId === null || ownerId === undefined || !navigator.onLine) return
    const deps = {
      pictures: devicePictures,
      begin: client.devicePicture.begin.mutate,
      finish: client.devicePicture.finish.mutate,
      put,
      refusalOf,
      onSaved: (_run: unknown, generation: Parameters<typeof cache.put>[0]) => cache.put(generation),
    }
    flushOutbox(deps, ownerId).catch((error: unknown) => {
      const code = problemCode(error)
      // Signed out meanwhile: what is theirs waits until they are back.
      if (code === 'auth.required') return
      if (code === 'savings.exhausted' && !wasTold.current) {
        wasTold.current = true
        notifyProblem(problemText(error))
      }
      const isPassing = isTransient(error) || error instanceof PutFailed || error instanceof TypeError
      timer.current = setTimeout(() => flush(), isPassing ? RETRY_AFTER_MS : RETRY_FULL_AFTER_MS)
    })
  }, [client, cache, ownerId])

  useEffect(() => {
    const onVisible = () => {
      if (document.visibilityState === 'visible') flush()
    }
    flush()
    window.addEventListener('online', flush)
    document.addEventListener('visibilitychange', onVisible)
    return () => {
      clearTimeout(timer.current)
      window.removeEventListener('online', flush)
      document.removeEventListener('visibilitychange', onVisible)
    }
  }, [flush])
  return flush
}
