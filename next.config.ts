import type { NextConfig } from 'next'

/** On every answer. The Content-Security-Policy is per request (proxy.ts) or per route (share pages, pictures). */
const SECURITY_HEADERS = [
  { key: 'X-Content-Type-Options', value: 'nosniff' },
  { key: 'X-Frame-Options', value: 'DENY' },
  { key: 'Referrer-Policy', value: 'strict-origin-when-cross-origin' },
  {
    key: 'Permissions-Policy',
    value: 'camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()',
  },
  { key: 'Cross-Origin-Opener-Policy', value: 'same-origin' },
  // Ignored over plain HTTP, so it is safe to send from a laptop too.
  { key: 'Strict-Transport-Security', value: 'max-age=63072000; includeSubDomains' },
]

/**
 * Next drops `content-encoding` from what a route handler answers (send-response.js: a body passed on from fetch is decoded
 * already), so the engine's files, compressed at build, are announced here: by the very order serve-engine-file.ts chooses in.
 */
const ENGINE = '/api/engine/:path*'
const accepts = (value: string) => ({ type: 'header' as const, key: 'accept-encoding', value })
const ENGINE_ENCODINGS = [
  { source: ENGINE, has: [accepts('.*\\bbr\\b.*')], headers: [{ key: 'Content-Encoding', value: 'br' }] },
  {
    source: ENGINE,
    has: [accepts('.*\\bgzip\\b.*')],
    missing: [accepts('.*\\bbr\\b.*')],
    headers: [{ key: 'Content-Encoding', value: 'gzip' }],
  },
]

const config: NextConfig = {
  // Types are checked by `npm run check` with the native compiler; checking twice would only slow every start.
  typescript: { ignoreBuildErrors: true },
  poweredByHeader: false,
  // The optimizer fetches any address of ours as nobody and keeps what it got: a revoked or deleted picture went on being served.
  images: { unoptimized: true },
  // Native code, or code that finds its own files beside itself: left to Node instead of the bundler.
  serverExternalPackages: [
    '@prisma/adapter-pg',
    '@prisma/client',
    'onnxruntime-node',
    'pg',
    'pg-boss',
    'pino',
    'sharp',
  ],
  headers: async () => [{ source: '/:path*', headers: SECURITY_HEADERS }, ...ENGINE_ENCODINGS],
}

export default config
