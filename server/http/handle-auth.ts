// better-auth over fetch, with our own words where the database is down.
import { type GetContainer, respond } from './respond.ts'

export function handleAuth(getContainer: GetContainer, request: Request): Promise<Response> {
  return respond(getContainer, (container) => container.auth.handler(request))
}
