import { describe, expect, it } from 'vitest'
import { retry } from '#worker/gateway/retry.ts'

const options = { signal: new AbortController().signal, isRetryable: () => true, attempts: 4 }

describe('trying again', () => {
  it('gives the first success', async () => {
    let tries = 0
    const result = await retry(async () => {
      tries += 1
      if (tries < 3) throw new Error('not yet')
      return 'done'
    }, options)
    expect(result).toBe('done')
    expect(tries).toBe(3)
  })

  it('gives up after the last attempt, with its error', async () => {
    let tries = 0
    const run = retry(async () => Promise.reject(new Error(`try ${++tries}`)), options)
    await expect(run).rejects.toThrow('try 4')
  })

  it('does not try again what would fail again', async () => {
    let tries = 0
    const run = retry(async () => Promise.reject(new Error(`try ${++tries}`)), { ...options, isRetryable: () => false })
    await expect(run).rejects.toThrow('try 1')
  })

  it('stops waiting when told to', async () => {
    const controller = new AbortController()
    const run = retry(async () => Promise.reject(new Error('away')), {
      ...options,
      attempts: Number.POSITIVE_INFINITY,
      signal: controller.signal,
      onRetry: () => controller.abort(),
    })
    await expect(run).rejects.toThrow(/abort/i)
  })
})
