// A stored object's bytes, up to a limit: what is larger than it may be is refused before it fills the memory.
import { DewpointError } from '#contracts/errors.ts'
import type { StoredObject } from '../storage/index.ts'

/** @throws DewpointError upload.too-large, storage.unavailable (the stream broke) */
export async function readObject(object: StoredObject, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  if (object.sizeBytes > maxBytes) {
    await object.body.cancel()
    throw new DewpointError('upload.too-large', `${object.sizeBytes} bytes; at most ${maxBytes}`)
  }
  const bytes = new Uint8Array(object.sizeBytes)
  let at = 0
  try {
    for await (const chunk of object.body) {
      bytes.set(chunk, at)
      at += chunk.length
    }
  } catch (cause) {
    throw new DewpointError('storage.unavailable', `Reading stopped at byte ${at} of ${object.sizeBytes}`, { cause })
  }
  if (at !== object.sizeBytes) {
    throw new DewpointError('storage.unavailable', `Read ${at} bytes of ${object.sizeBytes}`)
  }
  return bytes
}
