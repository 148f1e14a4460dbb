// Ports of this machine: whether one is free, and which one the system would give.
import { once } from 'node:events'
import { createServer } from 'node:net'
import { SetupError } from './say.mjs'

const NO_ADDRESS = ['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'ENOTFOUND', 'EAI_AGAIN', 'EINVAL']

/** The port itself when it can be listened on at `host` (0: one the system chooses); null when it is taken. @throws SetupError when it cannot be listened on at all. */
export async function freePort(port: number, host = '127.0.0.1'): Promise<number | null> {
  const probe = createServer()
  probe.listen(port, host)
  try {
    await once(probe, 'listening')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EADDRINUSE') return null
    if (code === 'EACCES')
      throw new SetupError(
        `Port ${port} may not be opened by an ordinary user. Choose one from 1024 up, such as PORT=3000.`,
      )
    if (NO_ADDRESS.includes(String(code)))
      throw new SetupError(
        `HOST=${host} is no address of this machine. 127.0.0.1 is this machine alone, 0.0.0.0 the whole network.`,
      )
    throw error
  }
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  return typeof address === 'object' && address !== null ? address.port : null
}
