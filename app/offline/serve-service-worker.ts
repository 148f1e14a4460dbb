// Puts the release and its files before the service worker's text. The list is what `next build` wrote; in development there is
// none, and the worker keeps what it meets.
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'

/** From the project's root and not from this file: a bundler moves this file and leaves the others where they are. */
const root = () => path.join(/* turbopackIgnore: true */ process.cwd())
/** Scripts, styles, fonts. */
const KEPT = /\.(js|css|woff2)$/

let script: Promise<string> | undefined

export async function serveServiceWorker(): Promise<Response> {
  script ??= makeScript()
  return new Response(await script, {
    headers: {
      'content-type': 'text/javascript; charset=utf-8',
      // Browsers ask at every visit: a release that stayed unseen would be one that cannot be mended.
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
    },
  })
}

async function makeScript(): Promise<string> {
  const [source, assets] = await Promise.all([
    readFile(path.join(root(), 'app/offline/service-worker.js'), 'utf8'),
    listAssets(),
  ])
  // Files are named by content: the same list is the same release.
  const release = createHash('sha256').update(JSON.stringify(assets)).update(source).digest('hex').slice(0, 16)
  return `const RELEASE = ${JSON.stringify(release)}\nconst ASSETS = ${JSON.stringify(assets)}\n${source}`
}

async function listAssets(): Promise<readonly string[]> {
  const folder = path.join(root(), '.next/static')
  const entries = await readdir(folder, { recursive: true }).catch(() => [])
  return entries
    .map((entry) => entry.split(path.sep).join('/'))
    .filter((entry) => KEPT.test(entry))
    .map((entry) => `/_next/static/${entry}`)
    .sort()
}
