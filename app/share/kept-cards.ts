// The cards drawn lately, by slug: a card costs a tenth of a second, and a chat with many readers asks for the same one many times.
// A slug names one picture for ever. Those used least lately go first.

export class KeptCards {
  readonly #max: number
  readonly #cards = new Map<string, Promise<ArrayBuffer | null>>()

  constructor(max: number) {
    this.#max = max
  }

  /** The kept card, or the one being drawn, or a new one. What fails, or is gone, is not kept. */
  get(slug: string, draw: () => Promise<ArrayBuffer | null>): Promise<ArrayBuffer | null> {
    const card = this.#cards.get(slug) ?? this.#draw(slug, draw)
    this.#cards.delete(slug)
    this.#cards.set(slug, card)
    for (const oldest of this.#cards.keys()) {
      if (this.#cards.size <= this.#max) break
      this.#cards.delete(oldest)
    }
    return card
  }

  #draw(slug: string, draw: () => Promise<ArrayBuffer | null>): Promise<ArrayBuffer | null> {
    const card = draw()
    const forget = () => {
      if (this.#cards.get(slug) === card) this.#cards.delete(slug)
    }
    card.then((drawn) => {
      if (drawn === null) forget()
    }, forget)
    return card
  }
}
