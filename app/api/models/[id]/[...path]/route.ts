// Files of an installed model: tokenizers for the Studio, weights for the browser engine.
import { getContainer } from '#server/container.ts'
import { serveModelFile } from '#server/http/serve-model-file.ts'

export async function GET(
  request: Request,
  { params }: { params: Promise<{ id: string; path: string[] }> },
): Promise<Response> {
  const { id, path } = await params
  return serveModelFile(getContainer, request, id, path.join('/'))
}
