// Serves this repository's TypeScript to a browser as it stands: types stripped on the way, packages through an import map. No
// bundler, so what the browser runs is what Node runs.
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { stripTypeScriptTypes } from 'node:module'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'

const ROOT = new URL('../../../', import.meta.url).pathname

const IMPORTS = {
  '#app/': '/app/',
  '#contracts/': '/contracts/',
  '#recipes/': '/recipes/',
  '#diffusion/': '/diffusion/',
  '#test/': '/test/',
  zod: '/node_modules/zod/index.js',
  'p-retry': '/node_modules/p-retry/index.js',
  'is-network-error': '/node_modules/is-network-error/index.js',
  '@huggingface/tokenizers': '/node_modules/@huggingface/tokenizers/dist/tokenizers.mjs',
  'onnxruntime-web/webgpu': '/node_modules/onnxruntime-web/dist/ort.webgpu.min.mjs',
}
/** A page whose module `/test/e2e/<folder>/page.ts` is `window.<folder>`. */
const pageOf = (folder: string) => `<!doctype html><title>${folder}</title><link rel="icon" href="data:,">
<script type="importmap">${JSON.stringify({ imports: IMPORTS })}</script>
<script type="module">import * as page from '/test/e2e/${folder}/page.ts'; window.${folder} = page</script>`

const TYPES: Readonly<Record<string, string>> = {
  '.ts': 'text/javascript',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
}

export interface SourceServerOptions {
  /** Which page, by its folder beside this one. */
  readonly folder: string
  readonly pageHeaders?: Readonly<Record<string, string>>
  /** Answers what is not a source; false leaves the request to the sources. */
  readonly answer?: (request: IncomingMessage, response: ServerResponse) => Promise<boolean>
}

export async function serveSources(options: SourceServerOptions): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer(async (request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname))
    if (path === '/') {
      response.writeHead(200, { ...options.pageHeaders, 'content-type': 'text/html' }).end(pageOf(options.folder))
      return
    }
    if (await options.answer?.(request, response)) return
    const bytes = await readFile(join(ROOT, path)).catch(() => undefined)
    if (bytes === undefined) {
      response.writeHead(404).end()
      return
    }
    const extension = extname(path)
    const type = TYPES[extension] ?? 'application/octet-stream'
    // With the page's headers: a worker of an isolated page has to be isolated too, or it never starts.
    response.writeHead(200, { ...options.pageHeaders, 'content-type': type })
    response.end(extension === '.ts' ? stripTypeScriptTypes(bytes.toString()) : bytes)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
