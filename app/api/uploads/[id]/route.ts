// The owner's uploaded picture, as we re-encoded it.
import { getContainer } from '#server/container.ts'
import { serveUpload } from '#server/http/serve-upload.ts'

export async function GET(request: Request, { params }: { params: Promise<{ id: string }> }): Promise<Response> {
  return serveUpload(getContainer, request, (await params).id)
}
