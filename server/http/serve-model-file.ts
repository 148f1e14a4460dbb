// The small files of a model that a browser needs to count tokens: tokenizers and the text encoder's config. No weights, and nothing
// the manifest does not list.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DewpointError } from '#contracts/errors.ts'
import { type GetContainer, respond } from './respond.ts'

const SERVED = /^(tokenizer(_2)?\/[A-Za-z0-9_]+\.(json|txt)|text_encoder(_2)?\/config\.json)$/
/** A year, the longest caches agree to; the address carries the file's hash, so it never changes. */
const FOREVER = 'public, max-age=31536000, immutable'

export function serveModelFile(
  getContainer: GetContainer,
  request: Request,
  id: string,
  path: string,
): Promise<Response> {
  return respond(getContainer, async ({ deps }) => {
    const manifest = deps.models.get(id)
    const listed = manifest !== undefined && Object.hasOwn(manifest.files, path) ? manifest.files[path] : undefined
    if (listed === undefined || !SERVED.test(path))
      throw new DewpointError('not-found', `No file ${path} of model ${id}`)
    const etag = `"${listed.sha256}"`
    const isPinned = new URL(request.url).searchParams.get('model') === manifest?.hash
    const headers = { etag, 'cache-control': isPinned ? FOREVER : 'no-cache', 'x-content-type-options': 'nosniff' }
    if (request.headers.get('if-none-match') === etag) return new Response(null, { status: 304, headers })
    const body = new Uint8Array(await readFile(join(deps.models.root, id, path)))
    const type = path.endsWith('.json') ? 'application/json' : 'text/plain; charset=utf-8'
    return new Response(body, { headers: { ...headers, 'content-type': type } })
  })
}
