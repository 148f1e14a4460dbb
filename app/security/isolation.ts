// Cross-origin isolation, which gives the browser engine threads: for the app's pages, not for what others look at or embed.
// Cross-Origin-Opener-Policy is on every answer already (next.config.ts). Why so: docs/decisions/0013.

/**
 * `require-corp` and not `credentialless`, which Safari does not know: nothing on an app page comes from another origin except
 * uploads, and those are CORS requests, which neither policy touches.
 */
export const EMBEDDER_POLICY = ['cross-origin-embedder-policy', 'require-corp'] as const
