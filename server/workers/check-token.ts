// Whether a bearer token is the workers' one. Compared in constant time, over hashes, so that neither its content nor its
// length leaks through timing.
import { createHash, timingSafeEqual } from 'node:crypto'

export function isWorkerToken(authorization: string | null, expected: string): boolean {
  const given = /^Bearer (.+)$/.exec(authorization ?? '')?.[1] ?? ''
  return timingSafeEqual(digest(given), digest(expected))
}

const digest = (text: string) => createHash('sha256').update(text).digest()
