// The owner's uploaded picture over HTTP, as it was re-encoded.
import { z } from 'zod'
import { DewpointError } from '#contracts/errors.ts'
import { readUser } from '../trpc/context.ts'
import { getUploadFile } from '../uploads/get-upload-file.ts'
import { type GetContainer, pictureResponse, respond } from './respond.ts'

export function serveUpload(getContainer: GetContainer, request: Request, id: string): Promise<Response> {
  return respond(getContainer, async (container) => {
    const user = await readUser(container, request.headers)
    if (user === null) throw new DewpointError('auth.required')
    if (!z.uuid().safeParse(id).success) throw new DewpointError('not-found', `No upload ${JSON.stringify(id)}`)
    const file = await getUploadFile(container.deps, { userId: user.id, uploadId: id, signal: request.signal })
    return pictureResponse(request, file, { etag: file.etag.replaceAll('"', '') })
  })
}
