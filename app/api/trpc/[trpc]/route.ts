// tRPC over fetch, subscriptions over server-sent events on the same route.
import { getContainer } from '#server/container.ts'
import { handleTrpc } from '#server/http/handle-trpc.ts'

const handler = async (request: Request): Promise<Response> => handleTrpc(getContainer, request)

export { handler as GET, handler as POST }
