import { getContainer } from '#server/container.ts'
import { serveSharePicture } from '../../../share/serve-share.ts'

export async function GET(request: Request, { params }: { params: Promise<{ slug: string }> }): Promise<Response> {
  return serveSharePicture(getContainer, request, (await params).slug)
}
