import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chooseNext, PASSED_OVER_MAX, remainingWork } from '#worker/engine/step-order.ts'

interface SimulatedRun {
  readonly arrivesAt: number
  readonly calls: number
  remaining: number
  passedOver: number
}

type Choose = (runs: readonly SimulatedRun[]) => SimulatedRun | undefined

/** One call per tick on one device. Mean of (time from arrival to end) / (time it would take alone). */
function meanSlowdown(arrivals: readonly { arrivesAt: number; calls: number }[], choose: Choose): number {
  const waiting: SimulatedRun[] = []
  const coming = arrivals.map((one) => ({ ...one, remaining: one.calls, passedOver: 0 }))
  let total = 0
  for (let tick = 0; coming.length > 0 || waiting.length > 0; tick++) {
    while (coming[0] !== undefined && coming[0].arrivesAt <= tick) waiting.push(...coming.splice(0, 1))
    const next = choose(waiting)
    if (next === undefined) continue
    for (const run of waiting) run.passedOver = run === next ? 0 : run.passedOver + 1
    next.remaining -= 1
    if (next.remaining > 0) continue
    waiting.splice(waiting.indexOf(next), 1)
    total += (tick + 1 - next.arrivesAt) / next.calls
  }
  return total / arrivals.length
}

/** Requests of 1, 4, 20 and 30 steps at 80 % load, from a fixed linear congruential generator. */
function mixedRequests(count: number) {
  let state = 12_345
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
  let time = 0
  return Array.from({ length: count }, () => {
    const calls = [1, 4, 20, 30][Math.floor(random() * 4)] ?? 1
    time += -Math.log(1 - random()) * (13.75 / 0.8)
    return { arrivesAt: Math.floor(time), calls }
  })
}

describe('the order of U-Net calls', () => {
  it('keeps mixed requests waiting a fraction of what first-in-first-out would', () => {
    const requests = mixedRequests(2_000)
    const fifo = meanSlowdown(requests, (runs) => runs[0])
    const ours = meanSlowdown(requests, chooseNext)
    expect(ours).toBeLessThan(fifo / 6)
    expect(ours).toBeLessThan(2.5)
  })

  it('takes the run with the least work left, and of equals the first', () => {
    const runs = [3, 1, 1].map((remaining, id) => ({ id, remaining, passedOver: 0 }))
    expect(chooseNext(runs)?.id).toBe(1)
    expect(chooseNext([])).toBeUndefined()
  })

  it('never passes a run over more than the bound and its neighbours, whatever comes in', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.integer({ min: 1, max: 8 }), { maxLength: 2 }), { maxLength: 1_000 }),
        (ticks) => {
          const waiting = [{ remaining: 10_000, passedOver: 0 }]
          for (const arrivals of ticks) {
            // A worker holds a bounded number of runs; 8 here.
            for (const remaining of arrivals) if (waiting.length < 8) waiting.push({ remaining, passedOver: 0 })
            const next = chooseNext(waiting)
            if (next === undefined) return
            for (const run of waiting) run.passedOver = run === next ? 0 : run.passedOver + 1
            next.remaining -= 1
            if (next.remaining === 0) waiting.splice(waiting.indexOf(next), 1)
            for (const run of waiting) expect(run.passedOver).toBeLessThan(PASSED_OVER_MAX + 8)
          }
        },
      ),
    )
  })

  it('counts guidance as two rows and pixels by area', () => {
    const plain = { width: 512, height: 512, guidanceScale: 1 }
    expect(remainingWork(10, { ...plain, guidanceScale: 7 })).toBe(21 * 512 * 512)
    expect(remainingWork(10, plain)).toBe(11 * 512 * 512)
    expect(remainingWork(10, { ...plain, width: 1024 })).toBe(2 * remainingWork(10, plain))
  })
})
