// tRPC over fetch. Subscriptions are server-sent events on the same endpoint.
import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { createContext } from '../trpc/context.ts'
import { appRouter } from '../trpc/router.ts'
import { type GetContainer, respond } from './respond.ts'

export const TRPC_ENDPOINT = '/api/trpc'

export function handleTrpc(getContainer: GetContainer, request: Request): Promise<Response> {
  return respond(getContainer, (container) =>
    fetchRequestHandler({
      endpoint: TRPC_ENDPOINT,
      req: request,
      router: appRouter,
      createContext: () => createContext(container, request.headers),
    }),
  )
}
