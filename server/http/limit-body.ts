// A request's body, up to a limit: refused by its declared length before a byte is read, and by what really comes as it comes.
// What is handed on has its body in memory, so nothing behind it can be made to read more.
import { DewpointError } from '#contracts/errors.ts'

/** @throws DewpointError body.too-large */
export async function limitBody(request: Request, maxBytes: number): Promise<Request> {
  if (request.body === null) return request
  const refuse = (what: string) => new DewpointError('body.too-large', `${what} bytes; at most ${maxBytes}`)
  const declared = Number(request.headers.get('content-length') ?? 0)
  if (declared > maxBytes) throw refuse(String(declared))
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  const reader = request.body.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    sizeBytes += value.length
    if (sizeBytes > maxBytes) {
      await reader.cancel().catch(() => {})
      throw refuse(`More than ${maxBytes}`)
    }
    chunks.push(value)
  }
  const { method, headers, signal, url } = request
  return new Request(url, { method, headers, signal, body: Buffer.concat(chunks) })
}
