// "just now", "5 minutes ago", "yesterday", in the reader's language; a date once it is older than a week.

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

export function relativeTime(then: Date, now: Date, locale: string): string {
  const agoMs = now.getTime() - then.getTime()
  const words = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
  if (agoMs < MINUTE_MS) return words.format(0, 'second')
  if (agoMs < HOUR_MS) return words.format(-Math.floor(agoMs / MINUTE_MS), 'minute')
  if (agoMs < DAY_MS) return words.format(-Math.floor(agoMs / HOUR_MS), 'hour')
  if (agoMs < 7 * DAY_MS) return words.format(-Math.floor(agoMs / DAY_MS), 'day')
  return then.toLocaleDateString(locale, { year: 'numeric', month: 'short', day: 'numeric' })
}
