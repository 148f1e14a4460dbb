// The owner's finished picture; `?download` asks for a file.
import { getContainer } from '#server/container.ts'
import { serveImage } from '#server/http/serve-image.ts'

export async function GET(request: Request, { params }: { params: Promise<{ id: string }> }): Promise<Response> {
  return serveImage(getContainer, request, (await params).id)
}
