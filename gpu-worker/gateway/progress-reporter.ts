// Progress of one job on its way to the website: at most four a second, only the latest counts, and the last always goes.

export interface ProgressReporter<Report> {
  /** Takes the place of a report that has not gone yet. */
  report(report: Report): void
  /** Resolves when the last report has been sent. */
  finish(): Promise<void>
}

/** Four a second: as smooth as a forming picture needs, and little enough for the event log. */
export const PROGRESS_INTERVAL_MS = 250

/** `send` must not reject. */
export function createProgressReporter<Report>(
  send: (report: Report) => Promise<void>,
  intervalMs = PROGRESS_INTERVAL_MS,
): ProgressReporter<Report> {
  let latest: Report | undefined
  let lastSentMs = Number.NEGATIVE_INFINITY
  let timer: NodeJS.Timeout | undefined
  let sending: Promise<void> | undefined

  const flush = async () => {
    clearTimeout(timer)
    timer = undefined
    await sending
    const report = latest
    if (report === undefined) return
    latest = undefined
    lastSentMs = performance.now()
    sending = send(report)
    await sending
    sending = undefined
    schedule()
  }
  const schedule = () => {
    if (latest === undefined || timer !== undefined || sending !== undefined) return
    timer = setTimeout(() => void flush(), Math.max(0, lastSentMs + intervalMs - performance.now()))
  }
  return {
    report(report) {
      latest = report
      schedule()
    },
    async finish() {
      while (latest !== undefined || sending !== undefined) await flush()
    },
  }
}
