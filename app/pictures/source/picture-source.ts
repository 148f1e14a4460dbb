// Where a picture is kept decides what can be done with it, not how it looks. Cards, pages and menus are written against this;
// the server's pictures (use-server-source.ts) and this device's (use-device-source.ts) are its two kinds.
import type { GenerationDto, ImageDto } from '#contracts/generation.ts'

export interface Download {
  readonly label: string
  readonly href: string
  /** Empty: the server names it. */
  readonly fileName: string
}

export interface PictureSource {
  readonly generation: GenerationDto
  /** Only what the history holds can be shared, and be checked by the server. */
  readonly isInHistory: boolean
  /** What is happening to an image that has not ended, where its status and steps do not say it; null: they do. */
  words(image: ImageDto): string | null
  cancel(image: ImageDto): void
  /** null: stopping one image stops them all. */
  readonly cancelAll: (() => void) | null
  /** Makes a failed image again, or why not beside it: its input has to be brought once more, or the card offers it for all. */
  readonly retry: ((image: ImageDto) => void) | 'input-missing' | 'for-all'
  /** With a way back. */
  remove(): void
  /** The PNG first; empty while there is none. */
  downloads(image: ImageDto): readonly Download[]
  /** Starts the next picture from this one; null: the server cannot read it. */
  readonly startFrom: ((image: ImageDto) => void) | null
  /** Into the history; null: it is there, or nobody is signed in. */
  readonly save: (() => void) | null
}
