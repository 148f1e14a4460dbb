import { describe, expect, it } from 'vitest'
import { isWorkerToken } from '#server/workers/check-token.ts'

describe('the worker token', () => {
  it.each([
    [null, false],
    ['', false],
    ['Bearer ', false],
    ['Bearer secre', false],
    ['Bearer secret2', false],
    ['bearer secret', false],
    ['Basic secret', false],
    ['Bearer secret', true],
  ])('%j is %s', (authorization, expected) => {
    expect(isWorkerToken(authorization, 'secret')).toBe(expected)
  })
})
