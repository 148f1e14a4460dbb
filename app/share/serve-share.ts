// The three public answers about a shared image: page, picture, card. Web-standard Request to Response, so they run the
// same behind `next start`, in a worker at the edge, or in a test.
import { type GetContainer, respond } from '#server/http/respond.ts'
import { getSharedImage, getSharedImageFile } from '#server/shares/get-shared-image.ts'
import { renderCard } from './card.tsx'
import { etagOf, matches, pageHeaders, pictureHeaders } from './share-headers.ts'
import { shareGonePage, sharePage } from './share-page.ts'

/** Raise it when the card's design changes: chats keep cards by their ETag. */
const CARD_VERSION = 1

const gone = () => new Response(null, { status: 404, headers: { 'cache-control': 'no-store' } })

export function serveSharePage(getContainer: GetContainer, request: Request, slug: string): Promise<Response> {
  return respond(getContainer, async ({ deps }) => {
    const image = await getSharedImage(deps, { slug })
    if (image === null) return new Response(shareGonePage(), { status: 404, headers: pageHeaders(false) })
    const page = sharePage(image, deps)
    const headers = pageHeaders(true)
    const etag = etagOf(page)
    headers.set('etag', etag)
    if (matches(request, etag)) return new Response(null, { status: 304, headers })
    return new Response(page, { headers })
  })
}

export function serveSharePicture(getContainer: GetContainer, request: Request, slug: string): Promise<Response> {
  return respond(getContainer, async ({ deps }) => {
    const file = await getSharedImageFile(deps, { slug, signal: request.signal })
    if (file === null) return gone()
    // A slug names one image for ever.
    const headers = pictureHeaders(etagOf(slug))
    if (matches(request, etagOf(slug))) {
      await file.body.cancel()
      return new Response(null, { status: 304, headers })
    }
    headers.set('content-length', String(file.sizeBytes))
    return new Response(file.body, { headers })
  })
}

export function serveShareCard(getContainer: GetContainer, request: Request, slug: string): Promise<Response> {
  return respond(getContainer, async ({ deps }) => {
    const image = await getSharedImage(deps, { slug })
    if (image === null) return gone()
    const etag = etagOf(`card ${CARD_VERSION} ${slug}`)
    const headers = pictureHeaders(etag)
    if (matches(request, etag)) return new Response(null, { status: 304, headers })
    const file = await getSharedImageFile(deps, { slug, signal: request.signal })
    if (file === null) return gone()
    const picture = new Uint8Array(await new Response(file.body).arrayBuffer())
    const card = await renderCard({ picture, ...image })
    headers.set('content-length', String(card.byteLength))
    return new Response(card, { headers })
  })
}
