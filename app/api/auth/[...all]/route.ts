// better-auth's endpoints.
import { getContainer } from '#server/container.ts'
import { handleAuth } from '#server/http/handle-auth.ts'

const handler = async (request: Request): Promise<Response> => handleAuth(getContainer, request)

export { handler as GET, handler as POST }
