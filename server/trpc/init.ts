// tRPC set up once: transformer, error shape, and the three kinds of procedure there are (anyone, a signed-in person or guest,
// a worker). Authorisation is here and in the use cases, never in a proxy.
import { initTRPC, TRPCError } from '@trpc/server'
import superjson from 'superjson'
import { DewpointError, ERRORS } from '#contracts/errors.ts'
import { isWorkerToken } from '../workers/check-token.ts'
import { boundedSuperjson } from './bounded-superjson.ts'
import type { Context } from './context.ts'
import { toDewpointError, toErrorDetails } from './map-error.ts'

const t = initTRPC.context<Context>().create({
  transformer: { input: boundedSuperjson, output: superjson },
  errorFormatter({ shape, error }) {
    const mapped = mapTrpcError(error)
    return {
      ...shape,
      message: mapped.detail ?? ERRORS[mapped.code].userMessage,
      // No stack: `data` is built anew instead of spread.
      data: {
        code: shape.data.code,
        httpStatus: shape.data.httpStatus,
        path: shape.data.path,
        dewpoint: toErrorDetails(mapped),
      },
    }
  },
  sse: {
    // A proxy or a sleeping laptop drops silent connections; the client reconnects after two missed pings and a bit.
    ping: { enabled: true, intervalMs: 2_000 },
    client: { reconnectAfterInactivityMs: 5_000 },
  },
})

/** tRPC's own refusals (unknown procedure, wrong method, unreadable body) are the client's; ours come from the table. */
export function mapTrpcError(error: TRPCError): DewpointError {
  const mapped = toDewpointError(error)
  if (mapped.code !== 'internal' || error.code === 'INTERNAL_SERVER_ERROR') return mapped
  if (error.code === 'NOT_FOUND') return new DewpointError('not-found', error.message)
  return new DewpointError('input.invalid', error.message, { cause: error })
}

/** Every error leaves a procedure as a row of the table, with the table's status. */
const withErrorTable = t.middleware(async ({ next, path, ctx }) => {
  const result = await next()
  if (result.ok) return result
  const mapped = mapTrpcError(result.error)
  if (ERRORS[mapped.code].http >= 500) {
    ctx.container.deps.log.error({ err: mapped, procedure: path, code: mapped.code }, 'procedure failed')
  }
  return { ...result, error: new TRPCError({ code: ERRORS[mapped.code].trpc, message: mapped.message, cause: mapped }) }
})

const requireUser = t.middleware(async ({ ctx, next, type, signal }) => {
  const user = await ctx.getUser()
  if (user === null) throw new DewpointError('auth.required')
  const go = () => next({ ctx: { ...ctx, user } })
  // A subscription lasts as long as its tab; it takes a place of another kind (routers/generation.ts).
  return type === 'subscription' ? go() : ctx.container.guards.people.run(user.id, go, signal)
})

const requireWorker = t.middleware(({ ctx, next }) => {
  if (!isWorkerToken(ctx.authorization, ctx.container.workerToken)) throw new DewpointError('worker.unauthorized')
  return next()
})

export const router = t.router
export const createCallerFactory = t.createCallerFactory
export const publicProcedure = t.procedure.use(withErrorTable)
export const userProcedure = publicProcedure.use(requireUser)
export const workerProcedure = publicProcedure.use(requireWorker)
