// The worker gateway over HTTPS: one method per procedure of the website's `worker` router, each answer checked against
// contracts/. Knows addresses and the token; knows nothing of what the messages mean.
import { createTRPCUntypedClient, httpLink, TRPCClientError } from '@trpc/client'
import superjson from 'superjson'
import { z } from 'zod'
import {
  claimReplySchema,
  type claimSchema,
  type completeSchema,
  type failSchema,
  heartbeatReplySchema,
  type heartbeatSchema,
  helloReplySchema,
  type helloSchema,
  type JobRef,
  presignReplySchema,
  type presignSchema,
  progressReplySchema,
  type progressSchema,
} from '#contracts/worker-protocol.ts'

export interface GatewayClientOptions {
  /** Origin of the website, such as https://dewpoint.example. */
  readonly url: string
  readonly token: string
}

/** What the website says an error is, under `data` of its answer. */
const errorDataSchema = z.object({
  httpStatus: z.number().optional(),
  dewpoint: z.object({ code: z.string(), retryable: z.boolean() }).optional(),
})

/** No answer within this is no answer; the long poll of `claim` gets its wait on top. */
const ANSWER_TIMEOUT_MS = 15_000

export type GatewayClient = ReturnType<typeof createGatewayClient>

export function createGatewayClient({ url, token }: GatewayClientOptions) {
  const client = createTRPCUntypedClient({
    // One request per call: a long poll must not hold up a heartbeat.
    links: [
      httpLink({
        url: new URL('/api/trpc', url).href,
        transformer: superjson,
        headers: { authorization: `Bearer ${token}` },
      }),
    ],
  })

  async function call<Reply>(path: string, input: unknown, reply: z.ZodType<Reply>, signal: AbortSignal, waitMs = 0) {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(waitMs + ANSWER_TIMEOUT_MS)])
    return reply.parse(await client.mutation(`worker.${path}`, input, { signal: limited }))
  }
  /** These answer nothing we use. */
  const done = z.unknown()

  return {
    hello: (input: z.infer<typeof helloSchema>, signal: AbortSignal) => call('hello', input, helloReplySchema, signal),
    claim: (input: z.infer<typeof claimSchema>, signal: AbortSignal) =>
      call('claim', input, claimReplySchema, signal, input.waitMs),
    heartbeat: (input: z.infer<typeof heartbeatSchema>, signal: AbortSignal) =>
      call('heartbeat', input, heartbeatReplySchema, signal),
    progress: (input: z.infer<typeof progressSchema>, signal: AbortSignal) =>
      call('progress', input, progressReplySchema, signal),
    presign: (input: z.infer<typeof presignSchema>, signal: AbortSignal) =>
      call('presign', input, presignReplySchema, signal),
    complete: (input: z.infer<typeof completeSchema>, signal: AbortSignal) => call('complete', input, done, signal),
    fail: (input: z.infer<typeof failSchema>, signal: AbortSignal) => call('fail', input, done, signal),
    release: (input: JobRef, signal: AbortSignal) => call('release', input, done, signal),
  }
}

/** The row of the error table the website answered with; undefined when it did not answer as itself. */
export function gatewayErrorCode(error: unknown): string | undefined {
  return errorData(error)?.dewpoint?.code
}

/** Whether the same call may succeed later: no answer, a website in trouble, or an error whose row says so. */
export function isRetryable(error: unknown): boolean {
  if (!(error instanceof TRPCClientError)) return error instanceof Error && error.name === 'TimeoutError'
  const data = errorData(error)
  if (data?.dewpoint !== undefined) return data.dewpoint.retryable
  // A proxy in between answers for a website that is away, without our error data.
  return data?.httpStatus === undefined || data.httpStatus >= 500 || data.httpStatus === 429
}

function errorData(error: unknown) {
  if (!(error instanceof TRPCClientError)) return undefined
  return errorDataSchema.safeParse(error.data).data
}
