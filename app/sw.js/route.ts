// The service worker's script, made per release.
import { serveServiceWorker } from '#app/offline/serve-service-worker.ts'

export const dynamic = 'force-dynamic'

export function GET(): Promise<Response> {
  return serveServiceWorker()
}
