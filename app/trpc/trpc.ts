'use client'
// The typed client: calls in batches, the one subscription over server-sent events.
import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink } from '@trpc/client'
import { createTRPCContext } from '@trpc/tanstack-react-query'
import superjson from 'superjson'
import { BATCH_MAX } from '#contracts/api.ts'
import type { AppRouter } from '#server/trpc/router.ts'

const URL_PATH = '/api/trpc'

export const { TRPCProvider, useTRPC, useTRPCClient } = createTRPCContext<AppRouter>()

export function createClient() {
  return createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: (op) => op.type === 'subscription',
        true: httpSubscriptionLink({ url: URL_PATH, transformer: superjson }),
        false: httpBatchLink({ url: URL_PATH, transformer: superjson, maxItems: BATCH_MAX }),
      }),
    ],
  })
}
