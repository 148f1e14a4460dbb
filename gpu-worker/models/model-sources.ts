// Where a model comes from, a folder or a hub repository, as `models add` sees it: a list of files, and a way to get each.

export interface SourceFile {
  /** Relative, `/`-separated; checked by choose-files.ts before anything is written. */
  readonly path: string
  readonly sizeBytes: number
}

export interface FetchOptions {
  /** Where the file goes; its folder is there. */
  readonly to: string
  /** Bytes of this file that are there, from the start. */
  readonly onProgress: (doneBytes: number) => void
  readonly signal: AbortSignal
}

export interface ModelSource {
  /** As people know it: the repository's name, the folder. */
  readonly name: string
  /** The state it is in, so that a half download goes on with the very same; null: fetching starts anew. */
  readonly revision: string | null
  /** Of the repository, where it is one. */
  readonly repo: string | null
  readonly files: readonly SourceFile[]
  /** Rejects where the bytes are not the listed ones. What is left at `to` then goes on from there or is replaced. */
  fetch(file: SourceFile, options: FetchOptions): Promise<void>
}

/** What a person gave us breaks a rule, or will not come: told as it is, without a stack. */
export class AddModelError extends Error {
  override readonly name = 'AddModelError'
}
