// Headers of everything public about a shared image. Caches may keep a copy but must ask before each use, so that a
// revoked link is gone at once; asking costs one indexed query and no bytes.
import { createHash } from 'node:crypto'
import { SHARE_STYLE } from './share-style.ts'

const styleHash = createHash('sha256').update(SHARE_STYLE).digest('base64')

const REVALIDATE = { 'cache-control': 'public, no-cache', 'x-robots-tag': 'noindex' } as const
/** A 404 must not outlive a link that is made again. */
const GONE = { 'cache-control': 'no-store', 'x-robots-tag': 'noindex' } as const

export const PAGE_POLICY = [
  "default-src 'none'",
  "img-src 'self'",
  `style-src 'sha256-${styleHash}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

export function pageHeaders(found: boolean): Headers {
  return new Headers({
    ...(found ? REVALIDATE : GONE),
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': PAGE_POLICY,
  })
}

export function pictureHeaders(etag: string): Headers {
  return new Headers({
    ...REVALIDATE,
    'content-type': 'image/png',
    etag,
    'content-security-policy': "default-src 'none'; sandbox",
    // Meant to be embedded: chats and blogs show it.
    'cross-origin-resource-policy': 'cross-origin',
  })
}

/** An ETag of content that is made, not stored. */
export function etagOf(content: string): string {
  return `"${createHash('sha256').update(content).digest('base64url').slice(0, 27)}"`
}

/** If-None-Match as RFC 9110 reads it: a list, weak or strong. */
export function matches(request: Request, etag: string): boolean {
  const given = request.headers.get('if-none-match')
  if (given === null) return false
  return given.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === etag)
}
