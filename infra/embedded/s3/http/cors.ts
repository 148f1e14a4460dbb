// Lets the website's pages PUT and GET presigned URLs from the browser, and nobody else's pages.
import type { IncomingMessage, ServerResponse } from 'node:http'

export type OriginRule = (origin: string) => boolean

/** The exact origins of the website, e.g. http://localhost:3000. */
export function allowOrigins(origins: readonly string[]): OriginRule {
  const allowed = new Set(origins)
  return (origin) => allowed.has(origin)
}

/** Adds the headers a browser wants to see. Answers a preflight itself and then returns true. */
export function applyCors(incoming: IncomingMessage, response: ServerResponse, isAllowed: OriginRule): boolean {
  const origin = incoming.headers.origin
  if (origin !== undefined) response.setHeader('Vary', 'Origin')
  const isKnown = origin !== undefined && isAllowed(origin)
  if (isKnown) {
    response.setHeader('Access-Control-Allow-Origin', origin)
    response.setHeader('Access-Control-Expose-Headers', 'ETag, Content-Length, Content-Range, x-amz-request-id')
  }
  if (incoming.method !== 'OPTIONS') return false
  if (isKnown) {
    response.setHeader('Access-Control-Allow-Methods', 'GET, HEAD, PUT')
    response.setHeader('Access-Control-Allow-Headers', incoming.headers['access-control-request-headers'] ?? '')
    response.setHeader('Access-Control-Max-Age', '3600')
    // Chromium asks when a page from the network reaches for a loopback address.
    if (incoming.headers['access-control-request-private-network'] === 'true') {
      response.setHeader('Access-Control-Allow-Private-Network', 'true')
    }
  }
  response.writeHead(isKnown ? 204 : 403).end()
  return true
}
