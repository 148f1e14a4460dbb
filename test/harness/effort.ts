// How far the tests go that throw chance or size at the code, and how they bound the time it takes. `npm run check` goes a tenth of the
// way, `npm test` all of it; TEST_EFFORT=25 is for a long night.

const EFFORT = Number(process.env.TEST_EFFORT ?? 1)

/** So many of `runs` (or bytes) as the effort of this run allows, `least` at least. */
export const effort = (runs: number, least = 1): number => Math.max(Math.round(runs * EFFORT), Math.min(least, runs))

/** Starts a clock of this process's own work in ms, which other programs on the machine do not move. */
export function startWorkClock(): () => number {
  const start = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(start)
    return (user + system) / 1_000
  }
}
