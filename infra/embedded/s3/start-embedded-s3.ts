// The embedded endpoint as a function: an S3 subset on disk for one machine, loopback only. Not a store for production.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { openFolders } from './disk/folders.ts'
import { ObjectStore } from './disk/object-store.ts'
import { UploadStore } from './disk/upload-store.ts'
import { type HandlerDeps, handleRequest } from './handle-request.ts'
import { allowOrigins } from './http/cors.ts'

export interface EmbeddedS3Options {
  /** Where objects live; made where it does not exist. One process per folder. */
  readonly dir: string
  /** 0: the system chooses. */
  readonly port: number
  /** A loopback address; anything else is refused. Default 127.0.0.1. */
  readonly host?: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly region?: string
  /** Origins of pages that may use presigned URLs, e.g. http://localhost:3000. */
  readonly corsOrigins?: readonly string[]
  readonly onFailure?: HandlerDeps['onFailure']
  readonly now?: () => Date
}

export interface EmbeddedS3 {
  /** `http://127.0.0.1:PORT` */
  readonly url: string
  readonly port: number
  /** Takes no new requests, lets running ones finish for a moment, closes. */
  stop(): Promise<void>
}

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost'])
/** A 5 MiB part crosses loopback in milliseconds; what still runs after this hangs. */
const STOP_GRACE_MS = 2_000

export async function startEmbeddedS3(options: EmbeddedS3Options): Promise<EmbeddedS3> {
  const { host = '127.0.0.1', accessKeyId, secretAccessKey, region = 'us-east-1' } = options
  if (!LOOPBACK.has(host)) {
    throw new RangeError(`The embedded bucket listens on loopback only (${[...LOOPBACK].join(', ')}), got ${host}`)
  }
  if (accessKeyId === '' || secretAccessKey === '') throw new RangeError('The embedded bucket needs both keys')
  const now = options.now ?? (() => new Date())
  const folders = await openFolders(options.dir, now())
  const deps: HandlerDeps = {
    objects: new ObjectStore(folders),
    uploads: new UploadStore(folders),
    credentials: { accessKeyId, secretAccessKey, region },
    isOriginAllowed: allowOrigins(options.corsOrigins ?? []),
    onFailure: options.onFailure ?? (() => undefined),
    now,
  }
  const server = createServer()
  const handle = (incoming: IncomingMessage, response: ServerResponse): void => {
    // handleRequest answers every failure itself; one in answering breaks this connection and not the process.
    handleRequest(deps, incoming, response).catch((error: Error) => response.destroy(error))
  }
  // Both: a client that asks before it sends a body hears 403 without sending it.
  server.on('request', handle)
  server.on('checkContinue', handle)
  const { port } = await listen(server, options.port, host)
  return {
    url: `http://${host === '::1' ? '[::1]' : host}:${port}`,
    port,
    stop: () => stop(server),
  }
}

function listen(server: Server, port: number, host: string): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.removeListener('error', reject)
      resolve(server.address() as AddressInfo)
    })
  })
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), STOP_GRACE_MS)
    server.close(() => {
      clearTimeout(timer)
      resolve()
    })
    server.closeIdleConnections()
  })
}
