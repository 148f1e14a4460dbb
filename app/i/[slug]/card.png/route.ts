import { getContainer } from '#server/container.ts'
import { serveShareCard } from '../../../share/serve-share.ts'

export async function GET(request: Request, { params }: { params: Promise<{ slug: string }> }): Promise<Response> {
  return serveShareCard(getContainer, request, (await params).slug)
}
