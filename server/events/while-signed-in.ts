// Ends a stream when its reader's session does: asked again before an event is handed out, at most twice a minute, so that a
// browser that signed out elsewhere, or whose guest became an account, hears no more under the old name.

export const RECHECK_EVERY_MS = 30_000

export async function* whileSignedIn<T>(
  events: AsyncIterable<T>,
  options: {
    readonly isSignedIn: () => Promise<boolean>
    readonly now?: () => number
  },
): AsyncGenerator<T> {
  const now = options.now ?? Date.now
  let checkedAt = now()
  for await (const event of events) {
    if (now() - checkedAt >= RECHECK_EVERY_MS) {
      if (!(await options.isSignedIn())) return
      checkedAt = now()
    }
    yield event
  }
}
