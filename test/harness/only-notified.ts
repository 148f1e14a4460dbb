// The server's parts with a clock that wakes nobody: whoever waits is woken by a notification or not at all. Tells one from the other
// without measuring time.
import type { Deps } from '#server/deps.ts'

/** What a timer can hold; 24 days. */
const NEVER_MS = 2 ** 31 - 1

export function onlyNotified(deps: Deps) {
  const waiting = Promise.withResolvers<void>()
  const notifications: Deps['notifications'] = {
    ...deps.notifications,
    subscribe(topic) {
      const subscription = deps.notifications.subscribe(topic)
      return {
        wait(_ms, signal) {
          waiting.resolve()
          return subscription.wait(NEVER_MS, signal)
        },
        close: subscription.close,
      }
    },
  }
  return {
    deps: { ...deps, notifications },
    /** Resolves when somebody has found nothing to do and waits. */
    waiting: waiting.promise,
  }
}
