// Plain HTTP answers for what is not tRPC: errors from the table as JSON, pictures as streams.
import { DewpointError, ERRORS } from '#contracts/errors.ts'
import type { Container } from '../container.ts'
import type { StoredObject } from '../storage/index.ts'
import { toDewpointError, toErrorDetails } from '../trpc/map-error.ts'

/** A container, which may not be startable yet: the database can come up after the web process. */
export type GetContainer = () => Promise<Container>

/** Of answers that are data: kept by nobody, read by our own pages alone, and nothing to be run or framed if opened as a page. */
export const DATA_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
} as const

/** Runs `answer`; whatever it throws becomes the table's status and words. */
export async function respond(
  getContainer: GetContainer,
  answer: (container: Container) => Promise<Response>,
): Promise<Response> {
  let container: Container | undefined
  try {
    container = await getContainer()
    const response = await answer(container)
    // A connection kept alive would keep a process that stops waiting for its next request.
    if (container.closing.aborted) response.headers.set('connection', 'close')
    return response
  } catch (error) {
    const mapped = toDewpointError(error)
    const { http } = ERRORS[mapped.code]
    if (http >= 500) container?.deps.log.error({ err: mapped, code: mapped.code }, 'request failed')
    const headers = { ...DATA_HEADERS, ...retryAfter([mapped]) }
    return Response.json({ error: toErrorDetails(mapped) }, { status: http, headers })
  }
}

/** The header for whoever asked too often, from the first of these errors that says when to come back. */
export function retryAfter(errors: readonly unknown[]): { 'retry-after'?: string } {
  const refusal = errors.find((error) => error instanceof DewpointError && error.retryAfterS !== undefined)
  return refusal instanceof DewpointError ? { 'retry-after': String(refusal.retryAfterS) } : {}
}

/** A PNG under its content hash: the bytes behind one URL never change, but only their owner's browser may keep them. */
export function pictureResponse(
  request: Request,
  file: StoredObject,
  options: { readonly etag: string; readonly fileName?: string },
): Response {
  const headers = new Headers({
    'content-type': 'image/png',
    'content-length': String(file.sizeBytes),
    'cache-control': 'private, max-age=31536000, immutable',
    // Another person signing in on this browser must not be shown it from the cache.
    vary: 'cookie',
    etag: `"${options.etag}"`,
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
    'cross-origin-resource-policy': 'same-origin',
  })
  if (options.fileName !== undefined) {
    headers.set('content-disposition', `attachment; filename="${options.fileName}"`)
  }
  if (request.headers.get('if-none-match') === headers.get('etag')) {
    headers.delete('content-length')
    void file.body.cancel()
    return new Response(null, { status: 304, headers })
  }
  return new Response(file.body, { headers })
}
