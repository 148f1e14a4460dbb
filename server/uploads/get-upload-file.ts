// The sanitised picture of an upload, to its owner alone.
import { DewpointError } from '#contracts/errors.ts'
import type { Deps } from '../deps.ts'
import type { StoredObject } from '../storage/index.ts'

/** @throws DewpointError not-found, storage.unavailable */
export async function getUploadFile(
  deps: Pick<Deps, 'db' | 'storage'>,
  input: { readonly userId: string; readonly uploadId: string; readonly signal?: AbortSignal },
): Promise<StoredObject> {
  const upload = await deps.db.upload.findFirst({
    where: { id: input.uploadId, userId: input.userId, status: 'ready' },
    select: { objectKey: true },
  })
  const file =
    upload === null || upload.objectKey === null
      ? null
      : await deps.storage.get(upload.objectKey, input.signal === undefined ? {} : { signal: input.signal })
  if (file === null) throw new DewpointError('not-found', `No upload ${input.uploadId}`)
  return file
}
