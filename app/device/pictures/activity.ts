// What is happening to a device picture right now, in the tab that holds it. Not kept: after a reload it is found out anew.

export type Activity =
  /** Another picture, of this tab or another, has the device. */
  | { readonly kind: 'waiting' }
  /** The model is not here; the person has to agree to the download. */
  | { readonly kind: 'asking'; readonly downloadBytes: number }
  | { readonly kind: 'downloading'; readonly doneBytes: number; readonly totalBytes: number }
  /** By the person, or by a problem in words for them. */
  | {
      readonly kind: 'paused'
      readonly doneBytes: number
      readonly totalBytes: number
      readonly problem: string | null
    }
  /** The model is read into memory and compiled; steps come next. */
  | { readonly kind: 'loading' }
  | { readonly kind: 'running' }

export type Activities = ReadonlyMap<string, Activity>
