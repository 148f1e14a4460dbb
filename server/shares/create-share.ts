// Makes the public link of one finished image. Asking again gives the same link; after a revoke, a new one.
import { randomBytes } from 'node:crypto'
import type { ShareDto } from '#contracts/api.ts'
import { DewpointError } from '#contracts/errors.ts'
import { lockOwner } from '../db/owner.ts'
import type { Deps } from '../deps.ts'

/** 144 bits, 24 characters: past the 128 nobody guesses, and no padding in base64url. */
const SLUG_BYTES = 18

/** @throws DewpointError not-found, input.invalid (not finished yet) */
export async function createShare(
  deps: Pick<Deps, 'db' | 'appUrl'>,
  input: { readonly userId: string; readonly imageId: string },
): Promise<ShareDto> {
  const { imageId } = input
  const slug = await deps.db.$transaction(async (tx) => {
    const owner = await lockOwner(tx, input.userId)
    const image = await tx.image.findFirst({
      where: { id: imageId, generation: { userId: owner?.id ?? input.userId, deletedAt: null } },
      select: { status: true },
    })
    if (image === null) throw new DewpointError('not-found', `No image ${imageId}`)
    if (image.status !== 'done')
      throw new DewpointError('input.invalid', `imageId: the image is ${image.status}, not done`)
    const live = await tx.share.findFirst({ where: { imageId, revokedAt: null }, select: { slug: true } })
    if (live !== null) return live.slug
    const made = await tx.share.create({
      data: { imageId, slug: randomBytes(SLUG_BYTES).toString('base64url') },
      select: { slug: true },
    })
    return made.slug
  })
  return { slug, url: `${deps.appUrl}/i/${slug}` }
}
