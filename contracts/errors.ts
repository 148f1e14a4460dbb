// The closed error table: every failure a person or a program may meet, with what each side makes of it.
// A new failure is a new row here; routers and pages map from this table and nowhere else.

export interface ErrorFacts {
  readonly http: number
  /** tRPC's code for the same thing. */
  readonly trpc:
    | 'BAD_REQUEST'
    | 'UNAUTHORIZED'
    | 'FORBIDDEN'
    | 'NOT_FOUND'
    | 'CONFLICT'
    | 'PAYLOAD_TOO_LARGE'
    | 'TOO_MANY_REQUESTS'
    | 'INTERNAL_SERVER_ERROR'
    | 'SERVICE_UNAVAILABLE'
  /** Whether the same call may succeed later without a change. */
  readonly retryable: boolean
  /** What happened and what to do, in plain words. */
  readonly userMessage: string
}

export const ERRORS = {
  'input.invalid': {
    http: 400,
    trpc: 'BAD_REQUEST',
    retryable: false,
    userMessage: 'Something in the request breaks a rule. The details say which.',
  },
  'auth.required': {
    http: 401,
    trpc: 'UNAUTHORIZED',
    retryable: false,
    userMessage: 'Your session has ended. Sign in to go on; nothing you typed is lost.',
  },
  'worker.unauthorized': {
    http: 401,
    trpc: 'UNAUTHORIZED',
    retryable: false,
    userMessage: 'The worker token was not accepted. Set WORKER_TOKEN to the value the web process uses.',
  },
  'not-found': {
    http: 404,
    trpc: 'NOT_FOUND',
    retryable: false,
    userMessage: 'There is nothing here, or it is not yours to see.',
  },
  'idempotency.mismatch': {
    http: 409,
    trpc: 'CONFLICT',
    retryable: false,
    userMessage: 'This key was already used for a different request. Send a new key.',
  },
  'attempt.stale': {
    http: 409,
    trpc: 'CONFLICT',
    retryable: false,
    userMessage: 'Another worker has taken this job over. Its result counts.',
  },
  'quota.exhausted': {
    http: 429,
    trpc: 'TOO_MANY_REQUESTS',
    retryable: true,
    userMessage: 'Your allowance for today is used up. Sign up for more, or come back tomorrow.',
  },
  'queue.full': {
    http: 429,
    trpc: 'TOO_MANY_REQUESTS',
    retryable: true,
    userMessage: 'You already have as many pictures waiting as one person may. Wait for one to finish.',
  },
  'requests.too-many': {
    http: 429,
    trpc: 'TOO_MANY_REQUESTS',
    retryable: true,
    userMessage: 'Too much at once from here. Wait a moment and try again.',
  },
  'body.too-large': {
    http: 413,
    trpc: 'PAYLOAD_TOO_LARGE',
    retryable: false,
    userMessage: 'The request is larger than it may be.',
  },
  'savings.exhausted': {
    http: 429,
    trpc: 'TOO_MANY_REQUESTS',
    retryable: true,
    userMessage:
      'Today’s room for pictures from your devices is used up. They stay on this device and are saved tomorrow.',
  },
  'model.unavailable': {
    http: 400,
    trpc: 'BAD_REQUEST',
    retryable: false,
    userMessage: 'That model is not installed here. Choose another.',
  },
  'upload.too-large': {
    http: 413,
    trpc: 'PAYLOAD_TOO_LARGE',
    retryable: false,
    userMessage: 'That picture is too large. Up to 20 MB and 40 megapixels work.',
  },
  'upload.unreadable': {
    http: 400,
    trpc: 'BAD_REQUEST',
    retryable: false,
    userMessage: 'That file could not be read as a picture. PNG, JPEG, WebP and AVIF work.',
  },
  'storage.unavailable': {
    http: 503,
    trpc: 'SERVICE_UNAVAILABLE',
    retryable: true,
    userMessage: 'Picture storage does not answer. Nothing is lost; try again in a moment.',
  },
  'database.unavailable': {
    http: 503,
    trpc: 'SERVICE_UNAVAILABLE',
    retryable: true,
    userMessage: 'The database does not answer. Nothing is lost; try again in a moment.',
  },
  'server.stopping': {
    http: 503,
    trpc: 'SERVICE_UNAVAILABLE',
    retryable: true,
    userMessage: 'The website is being restarted. Nothing is lost; try again in a moment.',
  },
  'generation.failed': {
    http: 500,
    trpc: 'INTERNAL_SERVER_ERROR',
    retryable: true,
    userMessage: 'The picture could not be made. Nothing was charged; you can try again.',
  },
  internal: {
    http: 500,
    trpc: 'INTERNAL_SERVER_ERROR',
    retryable: true,
    userMessage: 'Something went wrong on our side. It has been noted; try again.',
  },
} as const satisfies Record<string, ErrorFacts>

export type ErrorCode = keyof typeof ERRORS

/** An error with a row in the table. `detail` names the rule and the received value; `cause` is always kept. */
export class DewpointError extends Error {
  readonly code: ErrorCode
  readonly detail: string | undefined
  /** Of a refusal for too much at once: when to come back, in seconds. */
  readonly retryAfterS: number | undefined

  constructor(code: ErrorCode, detail?: string, options?: ErrorOptions & { readonly retryAfterS?: number }) {
    super(detail ?? ERRORS[code].userMessage, options)
    this.retryAfterS = options?.retryAfterS
    this.name = 'DewpointError'
    this.code = code
    this.detail = detail
  }
}
