// A site with nothing but the browser engine: its own files and models' weights through the very functions the website serves them
// with, and a page to call it from. No database, no Next; what goes wrong on the way to the browser is scripted here.
import { createHash } from 'node:crypto'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { Readable } from 'node:stream'
import type { ModelManifest } from '#contracts/model-manifest.ts'
import type { Container } from '#server/container.ts'
import { serveEngineFile } from '#server/http/serve-engine-file.ts'
import { serveModelFile } from '#server/http/serve-model-file.ts'
import { readInstalledModels } from '#server/model-folder/installed-models.ts'
import { type TinyModel, tinyManifest } from '#test/integration/diffusion/golden-run.ts'
import { buildEngine } from '../../../scripts/lib/prepare.mjs'
import { serveSources } from '../core/source-server.ts'

/** Takes a request for a model's file instead of the real answer; false lets it pass. */
export type Fault = (request: IncomingMessage, response: ServerResponse, path: string) => boolean | Promise<boolean>

export interface EngineServer {
  readonly url: string
  /** Manifests by id: the models of this repository and tiny ones. */
  readonly models: ReadonlyMap<string, ModelManifest>
  /** Applied to every request for a model's file until it is set back. */
  fault: Fault | undefined
  /** Bytes of model files sent, and requests for them, since the last reset. */
  readonly sent: { weightBytes: number; requests: { path: string; range: string | undefined }[] }
  resetSent(): void
  close(): Promise<void>
}

export const ISOLATED = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
}

export async function startEngineServer(
  pageHeaders: Readonly<Record<string, string>> = ISOLATED,
  tiny: readonly TinyModel[] = ['sd1'],
): Promise<EngineServer> {
  buildEngine()
  const modelsDir = await mkdtemp(join(tmpdir(), 'dewpoint-models-'))
  await cp('models', modelsDir, { recursive: true })
  for (const name of tiny) await installTiny(modelsDir, name)
  const models = await readInstalledModels(modelsDir)
  // All that serving a model's file asks of a website.
  const container = { deps: { models }, closing: new AbortController().signal } as Container
  const sent: EngineServer['sent'] = { weightBytes: 0, requests: [] }
  const state: { fault: Fault | undefined } = { fault: undefined }

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<boolean> => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const [, api, kind, id = '', ...rest] = url.pathname.split('/')
    if (api !== 'api') return false
    const path = rest.join('/')
    const web = new Request(url, { headers: headersOf(request) })
    if (kind === 'engine') return pipe(await serveEngineFile('.engine', web, `${id}/${path}`), response)
    if (path !== 'dewpoint.json') {
      sent.requests.push({ path, range: request.headers.range })
      if (await state.fault?.(request, response, path)) return true
    }
    const real = await serveModelFile(async () => container, web, id, path)
    if (path !== 'dewpoint.json') sent.weightBytes += Number(real.headers.get('content-length') ?? 0)
    return pipe(real, response)
  }
  const sources = await serveSources({ folder: 'device', pageHeaders, answer })
  return {
    url: sources.url,
    models: new Map(models.all.map((manifest) => [manifest.id, manifest])),
    sent,
    get fault() {
      return state.fault
    },
    set fault(fault) {
      state.fault = fault
    },
    resetSent() {
      sent.weightBytes = 0
      sent.requests = []
    },
    async close() {
      await sources.close()
      await rm(modelsDir, { recursive: true, force: true })
    },
  }
}

/** A golden model with the manifest it lacks. */
async function installTiny(modelsDir: string, name: TinyModel): Promise<void> {
  const folder = join(modelsDir, name)
  await cp(join('test/golden/models', name), folder, { recursive: true })
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files: ModelManifest['files'] = {}
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  for (const file of paths.sort()) {
    const bytes = await readFile(file)
    files[relative(folder, file)] = { sha256: sha256(bytes), sizeBytes: bytes.length }
  }
  const lines = Object.entries(files).map(([path, file]) => `${path} ${file.sha256}\n`)
  const manifest: ModelManifest = { ...tinyManifest(name), files, hash: sha256(lines.join('')) }
  await writeFile(join(folder, 'dewpoint.json'), JSON.stringify(manifest))
}

const sha256 = (data: Uint8Array | string) => createHash('sha256').update(data).digest('hex')

function headersOf(request: IncomingMessage): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(request.headers)) if (typeof value === 'string') headers.set(name, value)
  return headers
}

function pipe(answer: Response, response: ServerResponse): true {
  response.writeHead(answer.status, Object.fromEntries(answer.headers))
  if (answer.body === null) response.end()
  else Readable.fromWeb(answer.body as Parameters<typeof Readable.fromWeb>[0]).pipe(response)
  return true
}
