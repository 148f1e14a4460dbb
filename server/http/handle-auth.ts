// better-auth over fetch. Its refusals stay as its client knows them; what breaks beneath it becomes a row of our error table.
import { type GetContainer, respond } from './respond.ts'

export function handleAuth(getContainer: GetContainer, request: Request): Promise<Response> {
  return respond(getContainer, async ({ auth, deps }) => {
    const response = await auth.handler(request)
    // Some endpoints swallow what went wrong beneath them; when it is the database, this query says so in its place.
    if (response.status >= 500) await deps.db.$queryRaw`SELECT 1`
    return response
  })
}
