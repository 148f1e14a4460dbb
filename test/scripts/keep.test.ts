import { describe, expect, it } from 'vitest'
import { keep, type Part } from '../../scripts/lib/keep.ts'

/** A part that ends when it is told to. */
function fakeFree() {
  const parts: { end: (how: string) => void; stopped: boolean }[] = []
  const start = async (): Promise<Part> => {
    const ended = Promise.withResolvers<string>()
    const part = { end: ended.resolve, stopped: false }
    parts.push(part)
    return {
      ended: ended.promise,
      lastLines: () => 'out of cheese',
      async stop() {
        part.stopped = true
        ended.resolve('was stopped')
      },
    }
  }
  return { parts, start }
}

describe('a part that is kept up', () => {
  it('is started again when it ends, later each time, and says why', async () => {
    const { parts, start } = fakeFree()
    const news: string[] = []
    const kept = await keep({ name: 'The bucket', start, onNews: (text) => news.push(text) })
    parts[0]?.end('ended with code 3')
    await expect.poll(() => parts.length).toBe(2)
    await expect.poll(() => news.length).toBe(2)
    parts[1]?.end('was ended by SIGKILL')
    await expect.poll(() => parts.length).toBe(3)
    await kept.stop()
    expect(news.slice(0, 3)).toEqual([
      'The bucket ended with code 3. Its last lines:\nout of cheese\nStarting it again in 0.5 s.',
      'The bucket runs again.',
      'The bucket was ended by SIGKILL (2 times in 5 minutes). Its last lines:\nout of cheese\nStarting it again in 1 s.',
    ])
    expect(parts.at(-1)?.stopped).toBe(true)
  })

  it('stays stopped, also when it is stopped between an end and the next start', async () => {
    const { parts, start } = fakeFree()
    const kept = await keep({ name: 'The bucket', start })
    parts[0]?.end('ended with code 0')
    await kept.stop()
    expect(parts.length).toBe(1)
  })

  it('fails with its first start, and with that alone', async () => {
    let starts = 0
    const start = async () => {
      starts += 1
      throw new Error('no room')
    }
    await expect(keep({ name: 'The bucket', start })).rejects.toThrow('no room')
    expect(starts).toBe(1)
  })

  it('is tried again from the first start on where others do without it', async () => {
    const { parts, start } = fakeFree()
    const news: string[] = []
    let starts = 0
    const kept = await keep({
      name: 'The worker',
      start: () => (++starts < 3 ? Promise.reject(new Error('no model')) : start()),
      onNews: (text) => news.push(text),
      isOptional: true,
    })
    await expect.poll(() => parts.length).toBe(1)
    await expect.poll(() => news.at(-1)).toBe('The worker runs again.')
    expect(news[0]).toBe('The worker could not start: no model')
    await kept.stop()
  })

  it('that comes up after nobody wants it any more is stopped', async () => {
    const { parts, start } = fakeFree()
    const unwanted = new AbortController()
    const ready = Promise.withResolvers<void>()
    const keeping = keep({ name: 'The worker', start: () => ready.promise.then(start), signal: unwanted.signal })
    unwanted.abort()
    ready.resolve()
    await (await keeping).stop()
    expect(parts[0]?.stopped).toBe(true)
  })
})
