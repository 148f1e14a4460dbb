// Probes for whoever runs the container: /healthz (the engine moves), /readyz (models loaded, website knows us, not draining).
import { createServer, type Server } from 'node:http'

export interface HealthState {
  readonly alive: () => boolean
  readonly ready: () => boolean
}

export function startHealthServer(port: number, { alive, ready }: HealthState): Server {
  const server = createServer((request, response) => {
    const check = request.url === '/healthz' ? alive : request.url === '/readyz' ? ready : undefined
    const status = check === undefined ? 404 : check() ? 200 : 503
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ ok: status === 200 }))
  })
  return server.listen(port)
}
