// better-auth over fetch. Its refusals stay as its client knows them; what breaks beneath it becomes a row of our error table.
import { isAPIError } from 'better-auth/api'
import { type GetContainer, respond } from './respond.ts'

export function handleAuth(getContainer: GetContainer, request: Request): Promise<Response> {
  return respond(getContainer, async ({ auth, deps }) => {
    try {
      return await auth.handler(request)
    } catch (error) {
      // Its own way of saying no: wrong password, unknown path, bad origin.
      if (isAPIError(error) && error.statusCode < 500) {
        return Response.json(error.body ?? null, { status: error.statusCode, headers: new Headers(error.headers) })
      }
      // Some endpoints swallow what went wrong beneath them; when it is the database, this query says so in its place.
      await deps.db.$queryRaw`SELECT 1`
      throw error
    }
  })
}
