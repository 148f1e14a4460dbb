// tRPC over fetch. Subscriptions are server-sent events on the same endpoint. Before anything is read, a call waits for its turn among
// those of its browser and its address: see server/guards/.

import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc'
import superjson from 'superjson'
import { BATCH_MAX } from '#contracts/api.ts'
import { DewpointError, ERRORS } from '#contracts/errors.ts'
import { createContext } from '../trpc/context.ts'
import { toDewpointError, toErrorDetails } from '../trpc/map-error.ts'
import { appRouter } from '../trpc/router.ts'
import { inTurn } from './in-turn.ts'
import { limitBody } from './limit-body.ts'
import { DATA_HEADERS, type GetContainer, respond, retryAfter } from './respond.ts'

export const TRPC_ENDPOINT = '/api/trpc'

/** Two prompts of 5,000 characters, at most four bytes each, twice over, and as much again for the rest of a batch. */
const BODY_MAX_BYTES = 256 * 1024
/** A preview of the largest picture's latents, in base64, has 262,144 characters. */
const WORKER_BODY_MAX_BYTES = 512 * 1024

export function handleTrpc(getContainer: GetContainer, request: Request): Promise<Response> {
  return respond(getContainer, async (container) => {
    const { guards } = container
    const { headers } = request
    const isWorker = headers.has('authorization') && pathsOf(request).every((path) => path.startsWith('worker.'))
    const answer = async () => {
      const req = await limitBody(request, isWorker ? WORKER_BODY_MAX_BYTES : BODY_MAX_BYTES)
      return fetchRequestHandler({
        endpoint: TRPC_ENDPOINT,
        req,
        router: appRouter,
        maxBatchSize: BATCH_MAX,
        createContext: () => createContext(container, headers),
        responseMeta: ({ errors }) => ({
          headers: { ...DATA_HEADERS, ...retryAfter(errors.map(({ cause }) => cause)) },
        }),
      })
    }
    try {
      // Long polls of workers are counted by their token (server/trpc/init.ts), not by their address.
      if (isWorker) return await answer()
      return await inTurn(guards, request, answer)
    } catch (error) {
      const mapped = toDewpointError(error)
      if (ERRORS[mapped.code].http >= 500) throw error
      return refuse(request, mapped)
    }
  })
}

function pathsOf(request: Request): string[] {
  const path = new URL(request.url).pathname.slice(TRPC_ENDPOINT.length + 1)
  try {
    return decodeURIComponent(path).split(',')
  } catch (cause) {
    throw new DewpointError('not-found', `No procedure ${path}`, { cause })
  }
}

/** What happened before tRPC ran, in the shape its clients read, for each call of a batch. */
function refuse(request: Request, error: DewpointError): Response {
  const { http, trpc, userMessage } = ERRORS[error.code]
  const one = (path: string) => ({
    error: superjson.serialize({
      message: error.detail ?? userMessage,
      code: TRPC_ERROR_CODES_BY_KEY[trpc],
      data: { code: trpc, httpStatus: http, path, dewpoint: toErrorDetails(error) },
    }),
  })
  const isBatch = new URL(request.url).searchParams.get('batch') === '1'
  const paths = pathsOf(request).slice(0, BATCH_MAX)
  return Response.json(isBatch ? paths.map(one) : one(paths[0] ?? ''), {
    status: http,
    headers: { ...DATA_HEADERS, ...retryAfter([error]) },
  })
}
