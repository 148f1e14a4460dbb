import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { createProgressReporter } from '#worker/gateway/progress-reporter.ts'

describe('progress on its way to the website', () => {
  it('sends the newest report at most once per interval, and always the last', async () => {
    const sent: { value: number; at: number }[] = []
    const reporter = createProgressReporter<number>(
      async (value) => void sent.push({ value, at: performance.now() }),
      60,
    )
    for (let step = 1; step <= 20; step++) {
      reporter.report(step)
      await sleep(10)
    }
    await reporter.finish()
    expect(sent.at(-1)?.value).toBe(20)
    expect(sent.length).toBeGreaterThanOrEqual(3)
    // All but the last, which does not wait, keep the interval; timers may fire a millisecond early.
    const gaps = sent.slice(1, -1).map(({ at }, index) => at - (sent[index]?.at ?? 0))
    for (const gap of gaps) expect(gap).toBeGreaterThan(55)
    expect(sent.map(({ value }) => value)).toEqual([...sent.map(({ value }) => value)].sort((a, b) => a - b))
  })

  it('does not send two reports at a time, and finish waits for the one under way', async () => {
    let underWay = 0
    let most = 0
    let arrived = 0
    const reporter = createProgressReporter<number>(async (value) => {
      underWay += 1
      most = Math.max(most, underWay)
      await sleep(50)
      underWay -= 1
      arrived = value
    }, 1)
    reporter.report(1)
    await sleep(10)
    reporter.report(2)
    await reporter.finish()
    expect(arrived).toBe(2)
    expect(most).toBe(1)
  })
})
