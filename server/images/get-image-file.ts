// A finished picture, to its owner alone.
import { DewpointError } from '#contracts/errors.ts'
import type { Deps } from '../deps.ts'
import type { StoredObject } from '../storage/index.ts'

export interface ImageFile extends StoredObject {
  /** What a download is called: seed and start of the id, nothing of the prompt. */
  readonly fileName: string
  readonly sha256: string
}

/** @throws DewpointError not-found, storage.unavailable */
export async function getImageFile(
  deps: Pick<Deps, 'db' | 'storage'>,
  input: { readonly userId: string; readonly imageId: string; readonly signal?: AbortSignal },
): Promise<ImageFile> {
  const image = await deps.db.image.findFirst({
    where: { id: input.imageId, status: 'done', generation: { userId: input.userId, deletedAt: null } },
    select: { id: true, seed: true, objectKey: true, sha256: true },
  })
  const file =
    image === null || image.objectKey === null
      ? null
      : await deps.storage.get(image.objectKey, input.signal === undefined ? {} : { signal: input.signal })
  if (image === null || file === null) throw new DewpointError('not-found', `No picture ${input.imageId}`)
  return { ...file, fileName: `dewpoint-${image.seed}-${image.id.slice(-8)}.png`, sha256: image.sha256 ?? '' }
}
