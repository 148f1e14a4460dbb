// The owner's finished picture over HTTP: the stored PNG, or `?format=jpeg|webp` and `?recipe=without`.
import { z } from 'zod'
import { DewpointError } from '#contracts/errors.ts'
import { type ExportChoice, exportImage, exportSchema } from '../images/export-image.ts'
import { getImageFile, type ImageFile } from '../images/get-image-file.ts'
import { readUser } from '../trpc/context.ts'
import { type GetContainer, pictureResponse, respond } from './respond.ts'

export function serveImage(getContainer: GetContainer, request: Request, id: string): Promise<Response> {
  return respond(getContainer, async (container) => {
    const user = await readUser(container, request.headers)
    if (user === null) throw new DewpointError('auth.required')
    if (!z.uuid().safeParse(id).success) throw new DewpointError('not-found', `No picture ${JSON.stringify(id)}`)
    const file = await getImageFile(container.deps, { userId: user.id, imageId: id, signal: request.signal })
    const asked = new URL(request.url).searchParams
    const choice = exportSchema.safeParse(Object.fromEntries(asked))
    if (!choice.success) throw new DewpointError('input.invalid', choice.error.issues[0]?.message)
    if (choice.data.format !== 'png' || choice.data.recipe === 'without') return exportResponse(file, choice.data)
    const isDownload = asked.has('download')
    return pictureResponse(request, file, { etag: file.sha256, ...(isDownload ? { fileName: file.fileName } : {}) })
  })
}

/** Another format, or without the recipe: made on the way out, always a download. */
async function exportResponse(file: ImageFile, choice: ExportChoice): Promise<Response> {
  const body = await exportImage(new Uint8Array(await new Response(file.body).arrayBuffer()), choice)
  const name = file.fileName.replace(/png$/, choice.format === 'jpeg' ? 'jpg' : choice.format)
  return new Response(new Uint8Array(body), {
    headers: {
      'content-type': `image/${choice.format}`,
      'content-disposition': `attachment; filename="${name}"`,
      'cache-control': 'private, no-cache',
      vary: 'cookie',
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
    },
  })
}
