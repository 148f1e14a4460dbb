// The three public answers about a shared image: page, picture, card. Web-standard Request to Response, so they run the
// same behind `next start`, in a worker at the edge, or in a test.
import { addressOf } from '#server/guards/client-address.ts'
import { type GetContainer, respond } from '#server/http/respond.ts'
import { getSharedImage, getSharedImageFile } from '#server/shares/get-shared-image.ts'
import { renderCard } from './card.tsx'
import { KeptCards } from './kept-cards.ts'
import { etagOf, matches, pageHeaders, pictureHeaders } from './share-headers.ts'
import { shareGonePage, sharePage } from './share-page.ts'

/** Raise it when the card's design changes: chats keep cards by their ETag. */
const CARD_VERSION = 1

/** A card is about 150 KB. */
const cards = new KeptCards(100)

const gone = () => new Response(null, { status: 404, headers: { 'cache-control': 'no-store' } })

export function serveSharePage(getContainer: GetContainer, request: Request, slug: string): Promise<Response> {
  return respond(getContainer, async ({ deps, guards }) => {
    guards.publicPages.count(addressOf(request.headers))
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
  return respond(getContainer, async ({ deps, guards }) => {
    guards.publicPages.count(addressOf(request.headers))
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
  return respond(getContainer, async ({ deps, guards }) => {
    guards.publicPages.count(addressOf(request.headers))
    // Asked each time, so that a kept card is shown no longer than its link is there.
    const image = await getSharedImage(deps, { slug })
    if (image === null) return gone()
    const etag = etagOf(`card ${CARD_VERSION} ${slug}`)
    const headers = pictureHeaders(etag)
    if (matches(request, etag)) return new Response(null, { status: 304, headers })
    const card = await cards.get(slug, () =>
      guards.cards.run('all', async () => {
        const file = await getSharedImageFile(deps, { slug })
        if (file === null) return null
        const picture = new Uint8Array(await new Response(file.body).arrayBuffer())
        return renderCard({ picture, ...image })
      }),
    )
    if (card === null) return gone()
    headers.set('content-length', String(card.byteLength))
    return new Response(card, { headers })
  })
}
