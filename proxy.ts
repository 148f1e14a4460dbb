// Gives every page its own nonce and policy, and isolates it. Authorisation is not here: every procedure checks for itself.
import { type NextRequest, NextResponse } from 'next/server'
import { contentSecurityPolicy } from '#app/security/content-security-policy.ts'
import { EMBEDDER_POLICY } from '#app/security/isolation.ts'
import { uploadOrigin } from '#app/security/upload-origin.ts'
import { readServerEnv } from '#server/env.ts'

// `next build` loads this file without the environment of a run: read it with the first request.
let site: { uploadOrigin: string; https: boolean } | undefined

function readSite() {
  const env = readServerEnv()
  return { uploadOrigin: uploadOrigin(env), https: env.APP_URL.startsWith('https:') }
}

export function proxy(request: NextRequest) {
  site ??= readSite()
  const nonce = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64')
  const policy = contentSecurityPolicy({ nonce, development: isDevelopment(), ...site })
  const requestHeaders = new Headers(request.headers)
  requestHeaders.set('x-nonce', nonce)
  // Next reads the nonce for its own scripts from the request's policy.
  requestHeaders.set('content-security-policy', policy)
  const response = NextResponse.next({ request: { headers: requestHeaders } })
  response.headers.set('content-security-policy', policy)
  response.headers.set(...EMBEDDER_POLICY)
  return response
}

function isDevelopment(): boolean {
  // biome-ignore lint/style/noProcessEnv: Next replaces it at build time; it is no setting of ours
  return process.env.NODE_ENV === 'development'
}

export const config = {
  // Pages only: the API has no scripts, share pages bring their own policy, and files need none.
  matcher: [{ source: '/((?!api/|_next/|i/|icon.svg|favicon.ico).*)' }],
}
