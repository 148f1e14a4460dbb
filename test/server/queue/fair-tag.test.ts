import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fairTags } from '#server/queue/fair-tag.ts'

interface Job {
  readonly person: string
  readonly tag: number
  readonly order: number
}

/** One worker, one image at a time, as the queue takes them: smallest tag, then oldest. */
class Simulation {
  readonly waiting: Job[] = []
  readonly served: Job[] = []
  private virtualTime = 0
  private order = 0

  submit(person: string, count: number): void {
    const own = [...this.waiting, ...this.served].filter((job) => job.person === person).map(({ tag }) => tag)
    const lastOwnTag = own.length === 0 ? null : Math.max(...own)
    for (const tag of fairTags({ count, virtualTime: this.virtualTime, lastOwnTag })) {
      this.waiting.push({ person, tag, order: this.order++ })
    }
  }

  serve(): void {
    const next = this.waiting.toSorted((a, b) => a.tag - b.tag || a.order - b.order)[0]
    if (next === undefined) return
    this.waiting.splice(this.waiting.indexOf(next), 1)
    this.virtualTime = Math.max(this.virtualTime, next.tag)
    this.served.push(next)
  }

  drain(): string {
    while (this.waiting.length > 0) this.serve()
    return this.served.map(({ person }) => person).join('')
  }
}

describe('fair tags', () => {
  it('let a newcomer go ahead of the second image of someone who queued many', () => {
    const queue = new Simulation()
    queue.submit('a', 5)
    queue.submit('b', 1)
    expect(queue.drain()).toBe('abaaaa')
  })

  it('take turns between people who queued many', () => {
    const queue = new Simulation()
    queue.submit('a', 3)
    queue.submit('b', 3)
    expect(queue.drain()).toBe('ababab')
  })

  it('give no credit for having been idle', () => {
    const queue = new Simulation()
    queue.submit('a', 6)
    for (let i = 0; i < 3; i += 1) queue.serve()
    queue.submit('b', 3)
    // b comes in at the virtual time (the tag last served), so it is ahead by one and takes turns from there.
    expect(queue.drain()).toBe('aaabababa')
  })

  it('let nobody wait for someone who asks again each time an image is done', () => {
    const queue = new Simulation()
    queue.submit('z', 3)
    for (let i = 0; i < 10; i += 1) {
      queue.submit('a', 1)
      queue.serve()
    }
    const served = queue.drain()
    expect(served.lastIndexOf('z')).toBeLessThanOrEqual(6)
  })

  it('let nobody wait for more than one image of each other person between two of their own, whatever comes in between', () => {
    const action = fc.oneof(
      fc.record({ person: fc.constantFrom('a', 'b', 'c', 'd'), count: fc.integer({ min: 1, max: 4 }) }),
      fc.constant('serve' as const),
    )
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const queue = new Simulation()
        queue.submit('z', 3)
        for (const each of actions) {
          if (each === 'serve') queue.serve()
          else queue.submit(each.person, each.count)
        }
        queue.drain()
        const own = queue.served.flatMap((job, at) => (job.person === 'z' ? [at] : []))
        for (const [k, at] of own.entries()) {
          const since = k === 0 ? 0 : (own[k - 1] ?? 0) + 1
          const between = queue.served.slice(since, at).map(({ person }) => person)
          for (const person of new Set(between)) {
            // Two: one that was in its place already, and one whose tag is the virtual time it came in at.
            expect(between.filter((each) => each === person).length).toBeLessThanOrEqual(2)
          }
        }
      }),
    )
  })
})
