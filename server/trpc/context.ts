// What a procedure is given: the container, and lazily who is asking. Built from headers alone, so that tests and any fetch
// handler can make one.
import type { Container } from '../container.ts'
import { addressOf } from '../guards/client-address.ts'

export interface SessionUser {
  readonly id: string
  readonly isGuest: boolean
}

export interface Context {
  readonly container: Container
  readonly authorization: string | null
  /** Whose limits this counts against where nobody is signed in. */
  readonly address: string
  /** Asked of the database at most once per request, and only by procedures that need it. */
  getUser(): Promise<SessionUser | null>
  /** Asks again, for what outlives a request. */
  isStill(user: SessionUser): Promise<boolean>
}

export function createContext(container: Container, headers: Headers): Context {
  let user: Promise<SessionUser | null> | undefined
  return {
    container,
    authorization: headers.get('authorization'),
    address: addressOf(headers),
    getUser() {
      user ??= readUser(container, headers)
      return user
    },
    async isStill({ id }) {
      return (await readUser(container, headers))?.id === id
    },
  }
}

/** Whoever the session cookie stands for; null without one, or when it is expired, revoked or tampered with. */
export async function readUser(container: Container, headers: Headers): Promise<SessionUser | null> {
  const session = await container.auth.api.getSession({ headers })
  if (session === null) return null
  return { id: session.user.id, isGuest: session.user.isAnonymous === true }
}
