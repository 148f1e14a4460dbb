// One request from first to last: CORS, parse, authenticate, route, run; every failure becomes S3's XML.
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { authenticate, type Credentials } from './auth/authenticate.ts'
import type { ObjectStore } from './disk/object-store.ts'
import type { UploadStore } from './disk/upload-store.ts'
import { applyCors, type OriginRule } from './http/cors.ts'
import { parseRequest } from './http/parse-request.ts'
import { type S3Error, toS3Error } from './http/s3-error.ts'
import { writeXml } from './http/xml.ts'
import type { Context } from './operations/context.ts'
import { receiveBody } from './operations/receive-body.ts'
import { route } from './router.ts'

export interface HandlerDeps {
  readonly objects: ObjectStore
  readonly uploads: UploadStore
  readonly credentials: Credentials
  readonly isOriginAllowed: OriginRule
  readonly now: () => Date
  /** Told of failures that are ours and not the client's. */
  readonly onFailure: (error: S3Error, request: { method: string; url: string; requestId: string }) => void
}

export async function handleRequest(
  deps: HandlerDeps,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const requestId = randomUUID()
  response.setHeader('x-amz-request-id', requestId)
  try {
    if (applyCors(incoming, response, deps.isOriginAllowed)) return
    const request = parseRequest(incoming)
    const authenticated = await authenticate(request, deps.credentials, deps.now())
    const context: Context = {
      ...deps,
      request,
      response,
      region: deps.credentials.region,
      receive(options = {}) {
        if (/100-continue/i.test(incoming.headers.expect ?? '')) response.writeContinue()
        return receiveBody(request, { authenticated, credentials: deps.credentials, ...options })
      },
    }
    await route(request)(context)
  } catch (error) {
    const failure = toS3Error(error)
    const isGone = incoming.destroyed && !incoming.complete
    if (failure.status >= 500 && failure.code === 'InternalError' && !isGone) {
      deps.onFailure(failure, { method: incoming.method ?? '', url: pathOf(incoming), requestId })
    }
    answerFailure(failure, requestId, incoming, response)
  }
}

function answerFailure(failure: S3Error, requestId: string, incoming: IncomingMessage, response: ServerResponse): void {
  if (response.headersSent || response.destroyed) {
    // Half an answer is out: only a broken connection still tells the client.
    response.destroy()
    return
  }
  const { code, message } = failure
  const xml = writeXml('Error', { Code: code, Message: message, Resource: pathOf(incoming), RequestId: requestId })
  const hasBody = incoming.method !== 'HEAD' && failure.status !== 304
  response.writeHead(failure.status, {
    ...(hasBody ? { 'Content-Type': 'application/xml', 'Content-Length': Buffer.byteLength(xml) } : {}),
  })
  response.end(hasBody ? xml : undefined)
  // Clients read the answer only after they have sent everything.
  incoming.resume()
}

/** Without the query: a presigned one is a key to the object. */
const pathOf = (incoming: IncomingMessage): string => (incoming.url ?? '').split('?')[0] ?? ''
