// From anything thrown to a row of the error table, once. Route handlers and tRPC both map here.
import { z } from 'zod'
import type { ErrorDetails } from '#contracts/api.ts'
import { DewpointError, ERRORS } from '#contracts/errors.ts'
import { Prisma } from '../db/generated/client.ts'

/** The table's row for `error`; what is not known is `internal`, with the cause kept. */
export function toDewpointError(error: unknown): DewpointError {
  if (error instanceof DewpointError) return error
  if (error instanceof z.ZodError) return new DewpointError('input.invalid', describeIssues(error), { cause: error })
  if (isLockTimeout(error)) {
    return new DewpointError('requests.too-many', 'Another request of yours is still under way; try again in 1 s', {
      cause: error,
      retryAfterS: 1,
    })
  }
  if (isDatabaseDown(error)) return new DewpointError('database.unavailable', undefined, { cause: error })
  const cause = error instanceof Error ? error.cause : undefined
  if (cause !== undefined && cause !== error) {
    const inner = toDewpointError(cause)
    if (inner.code !== 'internal') return inner
  }
  return new DewpointError('internal', undefined, { cause: error })
}

/** What a client is told. Details of failures that are ours stay in the log. */
export function toErrorDetails(error: DewpointError): ErrorDetails {
  const { userMessage, retryable, http } = ERRORS[error.code]
  return { code: error.code, userMessage, retryable, detail: http < 500 ? (error.detail ?? null) : null }
}

function describeIssues(error: z.ZodError): string {
  return error.issues
    .map((issue) => (issue.path.length > 0 ? `${issue.path.join('.')}: ${issue.message}` : issue.message))
    .join('; ')
}

/** Prisma's codes for "the server is not there": unreachable, timed out, closed, too many connections, pool or transaction timeout. */
const PRISMA_DOWN = new Set(['P1001', 'P1002', 'P1008', 'P1011', 'P1017', 'P2024', 'P2028', 'P2037'])
/** Node's and PostgreSQL's own (57P01-03: shutting down, crashed, starting up; 08xxx: connection exceptions; 53300: too many connections). */
const DRIVER_DOWN = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', '57P01', '57P02', '57P03', '53300'])
const DRIVER_DOWN_MESSAGE =
  /Connection terminated|timeout exceeded when trying to connect|the database system is (starting up|shutting down|in recovery mode)/

/** What the driver adapter calls it, when the query was raw SQL (Prisma's own code is then P2010 for everything). */
const ADAPTER_DOWN = new Set(['DatabaseNotReachable', 'ConnectionClosed', 'SocketTimeout', 'TooManyConnections'])
const adapterErrorSchema = z.object({
  meta: z.object({
    driverAdapterError: z.object({
      cause: z.object({ kind: z.string(), code: z.string().optional(), originalCode: z.string().optional() }),
    }),
  }),
})

function isDatabaseDown(error: unknown): boolean {
  if (error instanceof Prisma.PrismaClientInitializationError) return true
  if (!(error instanceof Error)) return false
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (PRISMA_DOWN.has(code) || DRIVER_DOWN.has(code) || code.startsWith('08')) return true
  const adapter = adapterErrorSchema.safeParse(error)
  if (adapter.success) {
    const { kind, code: sqlState } = adapter.data.meta.driverAdapterError.cause
    if (ADAPTER_DOWN.has(kind) || (sqlState !== undefined && DRIVER_DOWN.has(sqlState))) return true
  }
  return DRIVER_DOWN_MESSAGE.test(error.message)
}

/** PostgreSQL's lock_not_available: lock_timeout (server/db/client.ts) ran out. */
const LOCK_NOT_AVAILABLE = '55P03'

function isLockTimeout(error: unknown): boolean {
  const adapter = adapterErrorSchema.safeParse(error)
  return adapter.success && adapter.data.meta.driverAdapterError.cause.originalCode === LOCK_NOT_AVAILABLE
}
