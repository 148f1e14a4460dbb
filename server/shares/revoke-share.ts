// Ends the public link of an image: page, picture and card answer 404 from now on. Revoking twice is no error.
import { DewpointError } from '#contracts/errors.ts'
import type { Deps } from '../deps.ts'

/** @throws DewpointError not-found */
export async function revokeShare(
  deps: Pick<Deps, 'db'>,
  input: { readonly userId: string; readonly imageId: string },
): Promise<{ imageId: string }> {
  const { imageId, userId } = input
  const image = await deps.db.image.findFirst({ where: { id: imageId, generation: { userId } }, select: { id: true } })
  if (image === null) throw new DewpointError('not-found', `No image ${imageId}`)
  await deps.db.share.updateMany({ where: { imageId, revokedAt: null }, data: { revokedAt: new Date() } })
  return { imageId }
}
