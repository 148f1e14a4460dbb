// Ports of this machine: whether one is free, and which one the system would give.
import { once } from 'node:events'
import { createServer } from 'node:net'

/** The port itself when it can be listened on at `host` (0: one the system chooses); null when it is taken. */
export async function freePort(port: number, host = '127.0.0.1'): Promise<number | null> {
  const probe = createServer()
  probe.listen(port, host)
  try {
    await once(probe, 'listening')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return null
    throw error
  }
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  return typeof address === 'object' && address !== null ? address.port : null
}
