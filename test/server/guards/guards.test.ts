import { describe, expect, it } from 'vitest'
import { DewpointError } from '#contracts/errors.ts'
import { byTheSecond } from '#server/guards/by-the-second.ts'
import { Places } from '#server/guards/places.ts'
import { Rate } from '#server/guards/rate.ts'
import { Turns } from '#server/guards/turns.ts'

const refusal = async (call: () => unknown): Promise<DewpointError> => {
  try {
    await call()
  } catch (error) {
    if (error instanceof DewpointError) return error
    throw error
  }
  throw new Error('It was not refused')
}
/** A job that ends when told. */
const job = () => {
  let end = () => {}
  const ended = new Promise<void>((resolve) => {
    end = resolve
  })
  return { run: () => ended, end: () => end() }
}

describe('turns', () => {
  it('run so many of one key, keep so many waiting in order, and refuse the rest with what and when', async () => {
    const turns = new Turns({ what: 'Calls of one person', running: 2, waiting: 2 })
    const jobs = Array.from({ length: 4 }, job)
    const order: number[] = []
    const calls = jobs.map((one, n) =>
      turns.run('ada', async () => {
        order.push(n)
        await one.run()
      }),
    )
    expect(order).toEqual([0, 1])
    const refused = await refusal(() => turns.run('ada', async () => {}))
    expect(refused).toMatchObject({ code: 'requests.too-many', retryAfterS: 1 })
    expect(refused.detail).toMatch(/^Calls of one person: 2 under way and 2 waiting; try again in 1 s$/)
    // Nobody else notices.
    await turns.run('bob', async () => {})
    jobs[1]?.end()
    await calls[1]
    expect(order).toEqual([0, 1, 2])
    for (const one of jobs) one.end()
    await Promise.all(calls)
    expect(order).toEqual([0, 1, 2, 3])
  })

  it('are given up by whoever hangs up while waiting, and handed on after a failure', async () => {
    const turns = new Turns({ what: 'Calls', running: 1, waiting: 5 })
    const first = job()
    const failing = turns.run('ada', async () => {
      await first.run()
      throw new Error('it broke')
    })
    const hangUp = new AbortController()
    let ran = false
    const waiting = turns.run(
      'ada',
      async () => {
        ran = true
      },
      hangUp.signal,
    )
    const last = turns.run('ada', async () => 'last')
    hangUp.abort(new Error('hung up'))
    await expect(waiting).rejects.toThrow('hung up')
    first.end()
    await expect(failing).rejects.toThrow('it broke')
    expect(await last).toBe('last')
    expect(ran).toBe(false)
  })
})

describe('places', () => {
  it('are taken up to a number and given back', async () => {
    const places = new Places({ what: 'Streams', max: 2 })
    const leave = places.take('ada')
    places.take('ada')
    expect((await refusal(() => places.take('ada'))).detail).toMatch(/2 are open/)
    places.take('bob')
    leave()
    places.take('ada')
  })
})

describe('a rate', () => {
  it('counts within its window, says when it ends, and begins anew', async () => {
    let now = 0
    const rate = new Rate({ what: 'Pages', max: 2, windowMs: 60_000, now: () => now })
    rate.count('192.0.2.1')
    now = 20_000
    rate.count('192.0.2.1')
    expect(await refusal(() => rate.count('192.0.2.1'))).toMatchObject({ retryAfterS: 40 })
    rate.count('192.0.2.2')
    now = 60_000
    rate.count('192.0.2.1')
  })
})

describe('a list by the second', () => {
  it('is read once for everybody of that second, and a failure is forgotten', async () => {
    let now = 0
    let reads = 0
    const list = byTheSecond(
      async () => {
        reads += 1
        if (reads === 2) throw new Error('away')
        return reads
      },
      { now: () => now },
    )
    expect(await Promise.all([list(), list(), list()])).toEqual([1, 1, 1])
    now = 1_000
    await expect(list()).rejects.toThrow('away')
    expect(await list()).toBe(3)
  })
})
