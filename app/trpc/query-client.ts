// One query client per browser; on the server one per request, so that nobody reads another's data.
import { QueryClient } from '@tanstack/react-query'
import { isTransient } from './problem.ts'

/** Live events keep lists current, so data only goes stale when the events were away. */
const STALE_AFTER_MS = 60_000
const RETRIES_MAX = 3

function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: STALE_AFTER_MS,
        retry: (failures, error) => failures < RETRIES_MAX && isTransient(error),
        refetchOnWindowFocus: false,
      },
      // Retrying a write is the caller's decision: only it knows whether the write is idempotent.
      mutations: { retry: false },
    },
  })
}

let browserClient: QueryClient | undefined

export function getQueryClient(): QueryClient {
  if (typeof window === 'undefined') return createQueryClient()
  browserClient ??= createQueryClient()
  return browserClient
}
