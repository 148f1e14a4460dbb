// What the measurements on a card share: a part that fails is said and does not end the rest, and none begins when the time is up.

/** One finding, on a line of its own, so that what was found before a crash is there. */
export function say(finding: Readonly<Record<string, unknown>>): void {
  process.stdout.write(
    `${JSON.stringify(finding, (_key, value) => (typeof value === 'number' ? short(value) : value))}\n`,
  )
}

const short = (value: number) => (Number.isInteger(value) ? value : Number(value.toPrecision(4)))

/** Runs parts one after the other until `deadlineMs` of the wall clock. */
export function partsUntil(deadlineMs: number) {
  return async (name: string, run: () => Promise<void>): Promise<void> => {
    const startedMs = performance.now()
    if (Date.now() >= deadlineMs) return say({ part: name, skipped: 'no time left' })
    try {
      await run()
      say({ part: name, ms: performance.now() - startedMs })
    } catch (error) {
      say({ part: name, failed: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    }
  }
}
