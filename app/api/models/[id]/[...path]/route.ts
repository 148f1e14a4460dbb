// Tokenizer files of an installed model, for the Studio's token count.
import { getContainer } from '#server/container.ts'
import { serveModelFile } from '#server/http/serve-model-file.ts'

export async function GET(
  request: Request,
  { params }: { params: Promise<{ id: string; path: string[] }> },
): Promise<Response> {
  const { id, path } = await params
  return serveModelFile(getContainer, request, id, path.join('/'))
}
