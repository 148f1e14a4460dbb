import { getContainer } from '#server/container.ts'
import { serveSharePage } from '../../share/serve-share.ts'

export async function GET(request: Request, { params }: { params: Promise<{ slug: string }> }): Promise<Response> {
  return serveSharePage(getContainer, request, (await params).slug)
}
