// The browser engine's own files: its worker and ONNX Runtime, under addresses that name their content.
import { readServerEnv } from '#server/env.ts'
import { serveEngineFile } from '#server/http/serve-engine-file.ts'

export async function GET(request: Request, { params }: { params: Promise<{ path: string[] }> }): Promise<Response> {
  const { path } = await params
  return serveEngineFile(readServerEnv().ENGINE_DIR, request, path.join('/'))
}
