// Prepares an upload of the person's own as the input of one recipe: cover-cropped to its size, stored under its content hash.
import { DewpointError } from '#contracts/errors.ts'
import { sha256Hex } from '#recipes/hash.ts'
import type { Deps } from '../deps.ts'
import { readObject } from '../images/read-object.ts'
import { fitImage } from '../images/sanitize-image.ts'
import { inImageSlot } from '../images/slots.ts'
import { fittedInputKey } from '../storage/index.ts'

/** A sanitised PNG of 40 megapixels at 4 bytes each, uncompressed at worst. */
const SANITISED_SIZE_MAX_BYTES = 200 * 1024 * 1024

/** @throws DewpointError not-found (also for an upload that was never finished), storage.unavailable */
export async function fitUpload(
  deps: Pick<Deps, 'db' | 'storage'>,
  input: {
    readonly userId: string
    readonly uploadId: string
    readonly width: number
    readonly height: number
    readonly signal?: AbortSignal | undefined
  },
): Promise<{ key: string; sha256: string }> {
  const { userId, uploadId, width, height, signal } = input
  const upload = await deps.db.upload.findFirst({
    where: { id: uploadId, userId, status: 'ready' },
    select: { objectKey: true },
  })
  if (upload === null || upload.objectKey === null)
    throw new DewpointError('not-found', `No finished upload ${uploadId}`)
  const { objectKey } = upload
  const fit = async () => {
    const source = await deps.storage.get(objectKey)
    if (source === null) throw new DewpointError('not-found', `The picture of upload ${uploadId} is gone`)
    return fitImage(await readObject(source, SANITISED_SIZE_MAX_BYTES), { width, height }, signal)
  }
  const png = await inImageSlot(userId, fit, signal)
  const sha256 = await sha256Hex(new Uint8Array(png))
  const key = fittedInputKey({ userId, uploadId, sha256 })
  // Also where it is there already: what was just written is not swept away before its generation is.
  await deps.storage.put(key, png, { contentType: 'image/png' })
  return { key, sha256 }
}
