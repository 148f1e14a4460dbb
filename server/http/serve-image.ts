// The owner's finished picture over HTTP.
import { z } from 'zod'
import { DewpointError } from '#contracts/errors.ts'
import { getImageFile } from '../images/get-image-file.ts'
import { readUser } from '../trpc/context.ts'
import { type GetContainer, pictureResponse, respond } from './respond.ts'

export function serveImage(getContainer: GetContainer, request: Request, id: string): Promise<Response> {
  return respond(getContainer, async (container) => {
    const user = await readUser(container, request.headers)
    if (user === null) throw new DewpointError('auth.required')
    if (!z.uuid().safeParse(id).success) throw new DewpointError('not-found', `No picture ${JSON.stringify(id)}`)
    const file = await getImageFile(container.deps, { userId: user.id, imageId: id, signal: request.signal })
    const isDownload = new URL(request.url).searchParams.has('download')
    return pictureResponse(request, file, { etag: file.sha256, ...(isDownload ? { fileName: file.fileName } : {}) })
  })
}
