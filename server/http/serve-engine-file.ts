// The browser engine's worker and ONNX Runtime, compressed when they were built (scripts/build-engine.ts) rather than per request:
// 27 MB would take seconds each time. Addresses name their content, so caches keep them for good. Which copy is sent is decided here;
// next.config.ts, in the same order, says so to the browser, as Next drops `Content-Encoding` from route handlers.
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { Readable } from 'node:stream'

/** Two names, nothing that could leave the folder. */
const SERVED = /^[a-z]+-[0-9a-f]{16}\/[a-z0-9.-]+\.(?:js|mjs|wasm)$/
const FOREVER = 'public, max-age=31536000, immutable'
const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.wasm': 'application/wasm',
}
const ENCODINGS = [
  { name: 'br', suffix: '.br' },
  { name: 'gzip', suffix: '.gz' },
  { name: 'identity', suffix: '' },
] as const

/** @param root folder the build wrote. Answers 404 for anything else than one of its files. */
export async function serveEngineFile(root: string, request: Request, path: string): Promise<Response> {
  if (!SERVED.test(path)) return notFound()
  const accepted = request.headers.get('accept-encoding') ?? ''
  const encoding = ENCODINGS.find(({ name }) => name === 'identity' || acceptsEncoding(accepted, name))
  if (encoding === undefined) return notFound()
  const file = join(root, `${path}${encoding.suffix}`)
  const size = await stat(file).then(
    (facts) => facts.size,
    () => undefined,
  )
  if (size === undefined) return notFound()
  const headers = new Headers({
    'content-type': TYPES[extname(path)] ?? 'application/octet-stream',
    'content-length': String(size),
    'cache-control': FOREVER,
    vary: 'accept-encoding',
    'x-content-type-options': 'nosniff',
    // A worker of an isolated page has to be isolated itself, and so have the workers it starts.
    'cross-origin-embedder-policy': 'require-corp',
    'cross-origin-resource-policy': 'same-origin',
  })
  if (encoding.name !== 'identity') headers.set('content-encoding', encoding.name)
  return new Response(Readable.toWeb(createReadStream(file)) as ReadableStream, { headers })
}

/** As next.config.ts asks it. A browser that lists a coding to refuse it (`q=0`) is yet to be met. */
const acceptsEncoding = (accepted: string, name: string): boolean => new RegExp(`\\b${name}\\b`).test(accepted)

/** Not kept: after a reload the address may exist. Without words, as they would be announced as compressed. */
const notFound = () => new Response(null, { status: 404, headers: { 'cache-control': 'no-store' } })
