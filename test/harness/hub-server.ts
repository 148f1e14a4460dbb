// A hub on this machine: one repository over the parts of the hub's HTTP API that `models add` uses, with ranges, and with every way
// of failing that a test asks for.
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface HubFault {
  /** Ends the connection after so many bytes of the file, this many times. */
  readonly dropAfter?: { readonly bytes: number; readonly times: number }
  /** Bytes the listing claims. */
  readonly listedSize?: number
  /** Bytes the file's own answers claim. */
  readonly claimedSize?: number
  /** Sends other bytes than those it lists the hash of. */
  readonly otherBytes?: boolean
  /** Answers 200 with the whole file, whatever range was asked for. */
  readonly ignoresRanges?: boolean
  readonly status?: number
}

export interface HubServer {
  readonly url: string
  /** `GET path range`, as they came. */
  readonly requests: string[]
  readonly faults: Map<string, HubFault>
  readonly commit: string
  close(): Promise<void>
}

/** Files over this are listed with their SHA-256, as large ones are on the hub, others with git's SHA-1. */
const LARGE_BYTES = 20_000

export async function startHub(
  repo: string,
  files: ReadonlyMap<string, Uint8Array>,
  commit = 'c'.repeat(40),
): Promise<HubServer> {
  const requests: string[] = []
  const faults = new Map<string, HubFault>()
  const drops = new Map<string, number>()
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://hub')
    requests.push(`${request.method} ${pathname} ${request.headers.range ?? ''}`.trim())
    if (pathname.startsWith(`/api/models/${repo}/revision/`))
      return json(response, {
        _id: '1',
        id: repo,
        sha: commit,
        likes: 0,
        downloads: 0,
        gated: false,
        private: false,
        lastModified: new Date(0),
      })
    if (pathname === `/api/models/${repo}/tree/${commit}`) return json(response, list())
    const path = decodeURIComponent(pathname.replace(`/${repo}/resolve/${commit}/`, ''))
    const bytes = files.get(path)
    if (bytes === undefined) return void response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end()
    sendFile(path, bytes, request, response)
  })

  function list() {
    return [...files].map(([path, bytes]) => {
      const size = faults.get(path)?.listedSize ?? bytes.length
      const oid = createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex')
      const lfs = { oid: createHash('sha256').update(bytes).digest('hex'), size, pointerSize: 130 }
      return { type: 'file', path, size, oid, ...(bytes.length > LARGE_BYTES && { lfs }) }
    })
  }

  function sendFile(path: string, bytes: Uint8Array, request: IncomingMessage, response: ServerResponse): void {
    const fault = faults.get(path) ?? {}
    const isProbe = request.headers.range === 'bytes=0-0'
    if (fault.status !== undefined && !isProbe) return void response.writeHead(fault.status).end()
    const [, from = '0', to = `${bytes.length - 1}`] = /^bytes=(\d+)-(\d+)?$/.exec(request.headers.range ?? '') ?? []
    const total = fault.claimedSize ?? bytes.length
    const isRange = request.headers.range !== undefined && (isProbe || fault.ignoresRanges !== true)
    const part = isRange ? bytes.slice(Number(from), Math.min(Number(to), bytes.length - 1) + 1) : bytes.slice()
    if (fault.otherBytes === true && !isProbe) part.fill(0)
    response.writeHead(isRange ? 206 : 200, {
      etag: '"1"',
      'content-length': part.length,
      ...(isRange && { 'content-range': `bytes ${from}-${Number(from) + part.length - 1}/${total}` }),
    })
    const drop = fault.dropAfter
    const dropped = drops.get(path) ?? 0
    if (drop === undefined || isProbe || dropped >= drop.times) return void response.end(part)
    drops.set(path, dropped + 1)
    // A client that has not read by then would lose what was sent: long enough for a machine that is busy with something else.
    response.write(part.subarray(0, drop.bytes), () => setTimeout(() => response.destroy(), 1_000))
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    faults,
    commit,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

function json(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
