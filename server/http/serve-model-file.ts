// A model's files for browsers: the small ones that count tokens, and the weights of a model that runs on the visitor's own device.
// Only what the manifest lists, and the manifest. Ranges, so that a download that was cut goes on where it ended.
import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { DewpointError } from '#contracts/errors.ts'
import { readRange } from './read-range.ts'
import { type GetContainer, respond } from './respond.ts'

/** A year, the longest caches agree to; the address carries the model's hash, so it never changes. */
const FOREVER = 'public, max-age=31536000, immutable'
const MANIFEST = 'dewpoint.json'

/** `?model=<hash>` pins the release: another than the installed one is not found, and the answer may be kept for good. */
export function serveModelFile(
  getContainer: GetContainer,
  request: Request,
  id: string,
  path: string,
): Promise<Response> {
  return respond(getContainer, async ({ deps }) => {
    const manifest = deps.models.get(id)
    const pinned = new URL(request.url).searchParams.get('model')
    if (manifest === undefined) throw new DewpointError('not-found', `No model ${id}`)
    if (pinned !== null && pinned !== manifest.hash) {
      throw new DewpointError('not-found', `Model ${id} is ${manifest.hash} here, asked for ${pinned}`)
    }
    const headers = new Headers({
      'cache-control': pinned === null ? 'no-cache' : FOREVER,
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
    })
    if (path === MANIFEST) return serveManifest(request, join(deps.models.root, id, path), manifest.hash, headers)

    const listed = Object.hasOwn(manifest.files, path) ? manifest.files[path] : undefined
    if (listed === undefined) throw new DewpointError('not-found', `No file ${path} of model ${id}`)
    headers.set('content-type', contentType(path))
    headers.set('accept-ranges', 'bytes')
    headers.set('etag', `"${listed.sha256}"`)
    return serveFile(request, join(deps.models.root, listed.from ?? id, path), headers)
  })
}

async function serveManifest(request: Request, file: string, hash: string, headers: Headers): Promise<Response> {
  headers.set('etag', `"${hash}"`)
  if (request.headers.get('if-none-match') === headers.get('etag')) return new Response(null, { status: 304, headers })
  headers.set('content-type', 'application/json')
  return new Response(new Uint8Array(await readFile(file)), { headers })
}

async function serveFile(request: Request, file: string, headers: Headers): Promise<Response> {
  if (request.headers.get('if-none-match') === headers.get('etag')) return new Response(null, { status: 304, headers })
  const { size } = await stat(file)
  const range = readRange(request.headers.get('range'), size)
  if (range === 'unsatisfiable') {
    headers.set('content-range', `bytes */${size}`)
    headers.set('cache-control', 'no-store')
    return new Response(null, { status: 416, headers })
  }
  const { start, end } = range ?? { start: 0, end: size - 1 }
  if (range !== undefined) headers.set('content-range', `bytes ${start}-${end}/${size}`)
  headers.set('content-length', String(end - start + 1))
  const body = size === 0 ? null : (Readable.toWeb(createReadStream(file, { start, end })) as ReadableStream)
  return new Response(body, { status: range === undefined ? 200 : 206, headers })
}

function contentType(path: string): string {
  if (path.endsWith('.json')) return 'application/json'
  return path.endsWith('.txt') ? 'text/plain; charset=utf-8' : 'application/octet-stream'
}
