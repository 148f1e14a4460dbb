// The test server's tRPC endpoint over real HTTP, for workers that are processes of their own. The same fetch handler the
// route uses; only Next is left out.
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { handleTrpc } from '#server/http/handle-trpc.ts'
import type { TestServer } from './server.ts'

export interface GatewayServer {
  readonly url: string
  /** Refuses connections until `up()`, as a website that is being restarted. */
  down(): Promise<void>
  up(): Promise<void>
  close(): Promise<void>
}

export async function startGatewayServer(server: TestServer): Promise<GatewayServer> {
  const http = createServer((incoming, response) => {
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    handleTrpc(async () => server.container, toRequest(incoming, gone.signal))
      .then(async (answer) => {
        response.writeHead(answer.status, Object.fromEntries(answer.headers))
        if (answer.body === null) response.end()
        else await pipeline(Readable.fromWeb(answer.body as Parameters<typeof Readable.fromWeb>[0]), response)
      })
      // The worker was killed in the middle of a call; that is what these tests are about.
      .catch(() => response.destroy())
  })
  const listen = async (port: number) => {
    http.listen(port, '127.0.0.1')
    await once(http, 'listening')
    return (http.address() as AddressInfo).port
  }
  const close = async () => {
    if (!http.listening) return
    http.close()
    http.closeAllConnections()
    await once(http, 'close')
  }
  const port = await listen(0)
  return { url: `http://127.0.0.1:${port}`, down: close, up: async () => void (await listen(port)), close }
}

function toRequest(incoming: IncomingMessage, signal: AbortSignal): Request {
  const hasBody = incoming.method !== 'GET' && incoming.method !== 'HEAD'
  return new Request(new URL(incoming.url ?? '/', 'http://127.0.0.1'), {
    method: incoming.method ?? 'GET',
    headers: Object.entries(incoming.headers).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, value] as [string, string]] : [],
    ),
    signal,
    ...(hasBody ? { body: Readable.toWeb(incoming) as ReadableStream, duplex: 'half' as const } : {}),
  })
}
