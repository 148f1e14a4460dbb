// The public page of a shared image, as plain HTML: no scripts, no cookies, nothing about the person who made it.
import type { SharedImage } from '#contracts/api.ts'
import { locale, messages } from '../messages/index.ts'
import { Html, html } from './html.ts'
import { SHARE_STYLE } from './share-style.ts'

const t = messages.shared
/** Titles are cut by browsers and chats around here anyway; cut at a word instead. */
const TITLE_LENGTH_MAX = 70
const DESCRIPTION_LENGTH_MAX = 200
/** Above this a prompt pushes everything else off the screen and gets its own scroll. */
const LONG_PROMPT_LENGTH = 600

const MARK = new Html(
  '<svg viewBox="0 0 20 20" fill="none" aria-hidden="true"><path d="M10 2.200c3 3.600 5.600 6.500 5.600 9.900a5.600 5.600 0 1 1-11.200 0c0-3.400 2.600-6.300 5.600-9.900Z" stroke="currentColor" stroke-width="1.600"/><path d="M5.100 11.400c1.600-1.100 3.200 1 4.900 0s3.300-1 4.900 0v1.100a4.900 4.900 0 0 1-9.800 0Z" fill="currentColor"/></svg>',
)

/** At most `length` code points, cut at a word where there is one, with an ellipsis. */
export function shorten(text: string, length: number): string {
  const line = text.replace(/\s+/g, ' ').trim()
  const points = [...line]
  if (points.length <= length) return line
  const cut = points.slice(0, length - 1).join('')
  const atWord = cut.replace(/\s+\S*$/u, '')
  return `${atWord.length > length / 2 ? atWord : cut}…`
}

export interface SharePageOptions {
  /** Where the site lives, without a slash at the end: social cards want absolute addresses. */
  readonly appUrl: string
}

export function sharePage(image: SharedImage, { appUrl }: SharePageOptions): string {
  const url = `${appUrl}/i/${image.slug}`
  const title = messages.title(shorten(image.prompt, TITLE_LENGTH_MAX))
  const description = shorten(image.prompt, DESCRIPTION_LENGTH_MAX)
  const again = `/?${new URLSearchParams({ prompt: image.prompt })}`
  return page(
    title,
    html`<meta name="description" content="${description}">
<link rel="canonical" href="${url}">
<meta property="og:type" content="website">
<meta property="og:site_name" content="${messages.name}">
<meta property="og:title" content="${title}">
<meta property="og:description" content="${description}">
<meta property="og:url" content="${url}">
<meta property="og:image" content="${url}/card.png">
<meta property="og:image:type" content="image/png">
<meta property="og:image:width" content="1200">
<meta property="og:image:height" content="630">
<meta property="og:image:alt" content="${description}">
<meta name="twitter:card" content="summary_large_image">
<meta name="twitter:title" content="${title}">
<meta name="twitter:description" content="${description}">
<meta name="twitter:image" content="${url}/card.png">
<meta name="twitter:image:alt" content="${description}">`,
    html`<main id="main">
<figure><img src="/i/${image.slug}/image.png" alt="${image.prompt}" width="${image.width}" height="${image.height}"></figure>
<div class="side">
<h1 dir="auto"${image.prompt.length > LONG_PROMPT_LENGTH ? new Html(' class="long" tabindex="0"') : null}>${image.prompt}</h1>
<p class="actions"><a class="button primary" href="${again}">${t.same}</a> <a class="button" href="/i/${image.slug}/image.png">${t.download}</a></p>
<section aria-label="${t.recipe}">${recipe(image)}</section>
</div>
</main>`,
  )
}

function recipe(image: SharedImage): Html {
  const rows: [string, string | number][] = [
    [messages.studio.model, image.modelName],
    [messages.studio.seed, image.seed],
    [messages.studio.steps, image.steps],
    [messages.studio.sampler, image.sampler],
    [messages.studio.guidance, image.guidanceScale],
    [messages.detail.size, messages.studio.shapeName(image.width, image.height)],
    ...(image.negativePrompt === '' ? [] : [[messages.studio.negative, image.negativePrompt] as [string, string]]),
    [messages.detail.ranOn, t.ranOn[image.madeOn]],
    [messages.detail.made, image.createdAt.toLocaleDateString(locale, { dateStyle: 'medium', timeZone: 'UTC' })],
  ]
  return html`<dl>${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd dir="auto">${value}</dd></div>`)}</dl>`
}

export function shareGonePage(): string {
  return page(
    messages.title(t.goneTitle),
    html``,
    html`<main id="main" class="gone">
<div><h1 class="short">${t.goneTitle}</h1><p class="lead">${t.gone}</p></div>
<p class="actions"><a class="button primary" href="/">${t.make}</a></p>
</main>`,
  )
}

function page(title: string, head: Html, body: Html): string {
  return html`<!doctype html>
<html lang="${locale}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<meta name="robots" content="noindex">
<link rel="icon" href="/icon.svg" type="image/svg+xml">
${head}
<style>${new Html(SHARE_STYLE)}</style>
</head>
<body>
<header><a class="mark" href="/">${MARK}${messages.name}</a></header>
${body}
</body>
</html>
`.text
}
