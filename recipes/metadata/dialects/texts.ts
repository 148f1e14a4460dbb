// The texts of one file as dialects look at them: by key, first one wins, and by any of the places a JSON or infotext may stand.
import type { TextEntry } from '../text-entry.ts'

export class Texts {
  readonly #entries: readonly TextEntry[]
  readonly #byKey: ReadonlyMap<string, string>

  constructor(entries: readonly TextEntry[]) {
    this.#entries = entries
    this.#byKey = new Map([...entries].reverse().map(({ key, text }) => [key, text]))
  }

  get(...keys: string[]): string | undefined {
    for (const key of keys) {
      const text = this.#byKey.get(key)
      if (text !== undefined) return text
    }
    return undefined
  }

  get entries(): readonly TextEntry[] {
    return this.#entries
  }

  /** Every place programs put their one text: PNG `parameters`, EXIF UserComment and its stand-ins, a plain file. */
  get candidates(): readonly string[] {
    const keys = [
      'parameters',
      'exif:UserComment',
      'xmp:exif:UserComment',
      'exif:ImageDescription',
      'jpeg:comment',
      'file',
    ]
    return keys.flatMap((key) => this.#byKey.get(key) ?? [])
  }
}
