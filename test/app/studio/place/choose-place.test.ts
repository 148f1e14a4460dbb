import { describe, expect, it } from 'vitest'
import { messages } from '#app/messages/index.ts'
import { choosePlace, type PlaceFacts } from '#app/studio/place/choose-place.ts'

const facts: PlaceFacts = {
  online: true,
  count: 1,
  left: 10,
  workers: 1,
  serverSeconds: 4,
  serverOnly: null,
  device: { kind: 'fits', downloadBytes: 0, seconds: 5 },
}
const fits = (downloadBytes: number, seconds: number | null) => ({ kind: 'fits' as const, downloadBytes, seconds })

describe('Auto', () => {
  it.each([
    ['what only the server can do', { serverOnly: 'input', online: false }, 'server', 'server-only'],
    ['a device nobody has looked at yet', { device: { kind: 'unknown' } }, 'server', 'looking'],
    ['a device that cannot', { device: { kind: 'unfit', reason: 'x' }, workers: 0 }, 'server', 'unfit'],
    ['no connection', { online: false }, 'device', 'offline'],
    ['an allowance that is used up', { left: 0 }, 'device', 'allowance'],
    ['an allowance too small for the click', { left: 2, count: 3 }, 'device', 'allowance'],
    ['nobody on the server', { workers: 0, device: fits(0, null) }, 'device', 'no-worker'],
    ['nobody anywhere yet', { workers: 0, device: fits(9, null) }, 'server', 'nobody-ready'],
    ['a model that is not here', { device: fits(9, 1) }, 'server', 'not-downloaded'],
    ['a device that was never measured', { device: fits(0, null) }, 'server', 'not-measured'],
    ['a faster device', { device: fits(0, 3) }, 'device', 'device-faster'],
    ['a server nobody has measured', { serverSeconds: null }, 'device', 'device-faster'],
    ['a device nearly as fast', { device: fits(0, 6) }, 'device', 'device-free'],
    ['a faster server', { device: fits(0, 6.1) }, 'server', 'server-faster'],
  ] as const)('in view of %s', (_what, change, place, why) => {
    expect(choosePlace({ ...facts, ...change })).toEqual({ place, why })
  })

  it('does not offer a model that would have to be downloaded where there is no connection', () => {
    expect(choosePlace({ ...facts, online: false, device: fits(9, null) }).place).toBe('server')
  })

  it('names in its one line the place it chose', () => {
    const names = { server: /^Server/, device: /^This device/ }
    for (const left of [0, 10])
      for (const workers of [0, 1])
        for (const device of [fits(0, 1), fits(0, 9), fits(9, null)]) {
          const { place, why } = choosePlace({ ...facts, left, workers, device })
          expect(messages.place.why[why]).toMatch(names[place])
        }
  })
})
