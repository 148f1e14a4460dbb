import { describe, expect, it } from 'vitest'
import { RECHECK_EVERY_MS, whileSignedIn } from '#server/events/while-signed-in.ts'

describe('a stream of events', () => {
  async function* numbers() {
    for (let n = 1; n <= 6; n += 1) yield n
  }
  const follow = async (isSignedIn: () => Promise<boolean>, msPerEvent: number) => {
    let clock = 0
    const seen: number[] = []
    const now = () => {
      clock += msPerEvent
      return clock
    }
    for await (const n of whileSignedIn(numbers(), { isSignedIn, now })) seen.push(n)
    return seen
  }

  it('ends before the first event after the session was found to have ended', async () => {
    let checks = 0
    const seen = await follow(async () => {
      checks += 1
      return checks < 2
    }, RECHECK_EVERY_MS / 2)
    expect(seen.length).toBeGreaterThan(1)
    expect(seen.length).toBeLessThan(6)
    expect(checks).toBe(2)
  })

  it('asks for the session no more than twice a minute', async () => {
    let checks = 0
    const isSignedIn = async () => {
      checks += 1
      return true
    }
    expect(await follow(isSignedIn, 1_000)).toEqual([1, 2, 3, 4, 5, 6])
    expect(checks).toBe(0)
  })
})
