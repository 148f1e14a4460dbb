// One text found in a picture, wherever its container keeps such things.

export interface TextEntry {
  /**
   * Where it stood: a PNG keyword as it is (`parameters`), `exif:` and the tag's name (`exif:UserComment`), `xmp:` and the
   * property's (`xmp:exif:UserComment`), `jpeg:comment`, or `file` for a file that is nothing but text.
   */
  readonly key: string
  readonly text: string
}

export interface TextsFound {
  readonly entries: readonly TextEntry[]
  /** What was skipped and why, in plain words. */
  readonly problems: readonly string[]
}
