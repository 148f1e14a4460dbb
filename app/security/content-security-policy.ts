// The Content-Security-Policy of app pages: scripts by nonce only. The public share pages carry their own, stricter one.

export interface PolicyOptions {
  readonly nonce: string
  /** Where browsers PUT their pictures: the bucket's public origin. */
  readonly uploadOrigin: string
  /** React's development build evaluates strings; production never does. */
  readonly development: boolean
  /** The site is served over HTTPS, so plain HTTP inside it is a mistake to be upgraded. */
  readonly https: boolean
}

export function contentSecurityPolicy({ nonce, uploadOrigin, development, https }: PolicyOptions): string {
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${development ? " 'unsafe-eval'" : ''}`,
    // The browser engine and the service worker; without it workers fall under script-src, where 'self' counts for nothing.
    "worker-src 'self'",
    // Sheets by nonce; style attributes are how server-rendered React writes measured sizes, and cannot run code.
    `style-src 'self' ${development ? "'unsafe-inline'" : `'nonce-${nonce}'`}`,
    "style-src-attr 'unsafe-inline'",
    "img-src 'self' blob: data:",
    "font-src 'self'",
    `connect-src 'self' ${uploadOrigin}`,
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    ...(https ? ['upgrade-insecure-requests'] : []),
  ].join('; ')
}
