// How a picture that is under way in this tab is stopped, paused and answered. Not kept: it goes with the tab.

/** What a picture under way listens to. */
export interface RunControl {
  readonly stop: AbortController
  /** Aborting it pauses the download under way. */
  pause: AbortController
  /** Resolves the question or pause that is open. */
  resume: (() => void) | null
}
