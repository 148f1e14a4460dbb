// Looks into what was uploaded: typed by content, decoded and re-encoded where it cannot hurt, and only then the person's to
// use. The quarantined original is removed. Finishing twice gives the same answer.
import { DewpointError } from '#contracts/errors.ts'
import type { UploadDto } from '#contracts/generation.ts'
import { UPLOAD_SIZE_MAX_BYTES } from '#contracts/limits.ts'
import type { Deps } from '../deps.ts'
import { readObject } from '../images/read-object.ts'
import { type SanitizedImage, sanitizeImage } from '../images/sanitize-image.ts'
import { inImageSlot } from '../images/slots.ts'
import { inputKey } from '../storage/index.ts'
import { beginAttempt } from './begin-attempt.ts'

/**
 * @throws DewpointError not-found, input.invalid (nothing was uploaded), upload.too-large, upload.unreadable, requests.too-many,
 * storage.unavailable; the signal's reason when the person hung up
 */
export async function finishUpload(
  deps: Pick<Deps, 'db' | 'storage' | 'log'>,
  input: { readonly userId: string; readonly uploadId: string; readonly signal?: AbortSignal | undefined },
): Promise<UploadDto> {
  const { userId, uploadId, signal } = input
  const upload = await deps.db.upload.findFirst({ where: { id: uploadId, userId } })
  if (upload === null) throw new DewpointError('not-found', `No upload ${uploadId}`)
  if (upload.status === 'ready') return toDto(upload)

  const attempt = await beginAttempt(deps.db, uploadId)
  let outcome: 'failed' | 'given back' = 'given back'
  try {
    // The slot first, then the bytes: a hundred who wait hold nothing.
    const clean = await inImageSlot(userId, () => readUpload(deps, upload, signal), signal)
    const key = inputKey({ userId, uploadId })
    await deps.storage.put(key, clean.png, { contentType: 'image/png' })
    const ready = await deps.db.upload.update({
      where: { id: uploadId },
      data: {
        status: 'ready',
        objectKey: key,
        width: clean.width,
        height: clean.height,
        sha256: clean.sha256,
        busyUntil: null,
      },
    })
    await deps.storage
      .delete([upload.sourceKey])
      // The bucket's lifecycle rule and the daily purge remove what stays.
      .catch((error: unknown) => deps.log.warn({ err: error, uploadId }, 'a quarantined upload stays for the purge'))
    return toDto(ready)
  } catch (error) {
    const isThePictures = error instanceof DewpointError && error.code.startsWith('upload.') && signal?.aborted !== true
    if (isThePictures) outcome = 'failed'
    throw error
  } finally {
    await attempt.end(outcome)
  }
}

async function readUpload(
  deps: Pick<Deps, 'storage'>,
  upload: { readonly id: string; readonly sourceKey: string },
  signal: AbortSignal | undefined,
): Promise<SanitizedImage> {
  const source = await deps.storage.get(upload.sourceKey, signal === undefined ? {} : { signal })
  if (source === null)
    throw new DewpointError('input.invalid', `Nothing was uploaded for ${upload.id} yet; PUT it first`)
  return sanitizeImage(await readObject(source, UPLOAD_SIZE_MAX_BYTES), signal)
}

function toDto(row: { id: string; width: number | null; height: number | null; sha256: string | null }): UploadDto {
  const { id, width, height, sha256 } = row
  if (width === null || height === null || sha256 === null) throw new Error(`Upload ${id} is ready but was never read`)
  return { uploadId: id, width, height, sha256, url: `/api/uploads/${id}` }
}
