// Looks into what was uploaded: typed by content, decoded and re-encoded where it cannot hurt, and only then the person's to
// use. The quarantined original is removed. Finishing twice gives the same answer.
import { DewpointError } from '#contracts/errors.ts'
import type { UploadDto } from '#contracts/generation.ts'
import { UPLOAD_SIZE_MAX_BYTES } from '#contracts/limits.ts'
import type { Deps } from '../deps.ts'
import { readObject } from '../images/read-object.ts'
import { sanitizeImage } from '../images/sanitize-image.ts'
import { inputKey } from '../storage/index.ts'

/** @throws DewpointError not-found, input.invalid (nothing was uploaded), upload.too-large, upload.unreadable, storage.unavailable */
export async function finishUpload(
  deps: Pick<Deps, 'db' | 'storage' | 'log'>,
  input: { readonly userId: string; readonly uploadId: string },
): Promise<UploadDto> {
  const { userId, uploadId } = input
  const upload = await deps.db.upload.findFirst({ where: { id: uploadId, userId } })
  if (upload === null) throw new DewpointError('not-found', `No upload ${uploadId}`)
  if (upload.status === 'ready') return toDto(upload)

  const source = await deps.storage.get(upload.sourceKey)
  if (source === null)
    throw new DewpointError('input.invalid', `Nothing was uploaded for ${uploadId} yet; PUT it first`)
  const bytes = await readObject(source, UPLOAD_SIZE_MAX_BYTES)
  const clean = await sanitizeImage(bytes)
  const key = inputKey({ userId, uploadId })
  await deps.storage.put(key, clean.png, { contentType: 'image/png' })
  const ready = await deps.db.upload.update({
    where: { id: uploadId },
    data: { status: 'ready', objectKey: key, width: clean.width, height: clean.height, sha256: clean.sha256 },
  })
  await deps.storage
    .delete([upload.sourceKey])
    // The bucket's lifecycle rule and the daily purge remove what stays.
    .catch((error: unknown) => deps.log.warn({ err: error, uploadId }, 'a quarantined upload stays for the purge'))
  return toDto(ready)
}

function toDto(row: { id: string; width: number | null; height: number | null; sha256: string | null }): UploadDto {
  const { id, width, height, sha256 } = row
  if (width === null || height === null || sha256 === null) throw new Error(`Upload ${id} is ready but was never read`)
  return { uploadId: id, width, height, sha256, url: `/api/uploads/${id}` }
}
