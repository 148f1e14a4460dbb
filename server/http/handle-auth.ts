// better-auth over fetch. Its refusals stay as its client knows them; what breaks beneath it becomes a row of our error table.
import { inTurn } from './in-turn.ts'
import { limitBody } from './limit-body.ts'
import { type GetContainer, respond } from './respond.ts'

/** An address, a password, a name: a few hundred bytes. */
const BODY_MAX_BYTES = 16 * 1024

export function handleAuth(getContainer: GetContainer, request: Request): Promise<Response> {
  return respond(getContainer, ({ auth, deps, guards }) => {
    const answer = async () => {
      const response = await auth.handler(await limitBody(request, BODY_MAX_BYTES))
      // Some endpoints swallow what went wrong beneath them; when it is the database, this query says so in its place.
      if (response.status >= 500) await deps.db.$queryRaw`SELECT 1`
      return response
    }
    return inTurn(guards, request, answer)
  })
}
