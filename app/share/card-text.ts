// The words a card can show. The card's font knows European scripts; @vercel/og would fetch other fonts and emoji from
// the network while drawing, which would send prompts to strangers, so what the font lacks never reaches it.

/** Code points of the font that @vercel/og 1.0.3 brings (Geist), as far as prompts use them. */
const DRAWABLE =
  /[\u0020-\u007e\u00a0-\u00ac\u00ae-\u0113\u0116-\u012b\u012e-\u0137\u0139-\u013e\u0141-\u0148\u014a-\u014d\u0150-\u017e\u0218-\u021b\u0400-\u045f\u0490-\u0493\u1e80-\u1e85\u1ea0-\u1ef9\u2013\u2014\u2018-\u201a\u201c-\u201e\u2022\u2026\u20ac\u2116\u2122]/

/** About what five lines hold. */
const CARD_TEXT_LENGTH_MAX = 180
/** With more than this share of its letters missing a prompt says something else: the card shows the picture alone. */
const LOST_LETTERS_MAX = 0.1

/** The prompt as the card can draw it, at most a few lines, or null when too little of it would be left. */
export function cardText(prompt: string): string | null {
  const points = [...prompt.normalize('NFC')]
  const letters = points.filter((point) => /[\p{L}\p{N}]/u.test(point))
  const lost = letters.filter((point) => !DRAWABLE.test(point))
  if (letters.length === 0 || lost.length > letters.length * LOST_LETTERS_MAX) return null
  const kept = points.map((point) => (/\s/.test(point) ? ' ' : DRAWABLE.test(point) ? point : '')).join('')
  const line = kept.replace(/ +/g, ' ').trim()
  const all = [...line]
  if (all.length <= CARD_TEXT_LENGTH_MAX) return line
  const cut = all.slice(0, CARD_TEXT_LENGTH_MAX - 1).join('')
  return `${cut.replace(/ \S{0,30}$/, '')}…`
}

/** Shorter prompts are set larger: one to two lines at 52 px, five at 36. */
export function cardTextSizePx(text: string): number {
  if (text.length <= 48) return 52
  if (text.length <= 100) return 44
  return 36
}
