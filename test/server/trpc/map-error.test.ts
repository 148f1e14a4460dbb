import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { DewpointError } from '#contracts/errors.ts'
import { toDewpointError, toErrorDetails } from '#server/trpc/map-error.ts'

describe('toDewpointError', () => {
  it('keeps what already has a row, and looks for it under wrappers', () => {
    const error = new DewpointError('queue.full', 'too many')
    expect(toDewpointError(error)).toBe(error)
    expect(toDewpointError(new Error('outer', { cause: error }))).toBe(error)
  })

  it('turns a broken rule into input.invalid with the path and the rule', () => {
    const { error } = z.object({ steps: z.int().max(150, 'Steps are 1 to 150') }).safeParse({ steps: 1000 })
    expect(toDewpointError(error)).toMatchObject({ code: 'input.invalid', detail: 'steps: Steps are 1 to 150' })
  })

  it.each([
    Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }),
    Object.assign(new Error('terminating connection due to administrator command'), { code: '57P01' }),
    Object.assign(new Error('the database system is starting up'), { code: '57P03' }),
    new Error('Connection terminated unexpectedly'),
  ])('knows a database that is not there: %s', (error) => {
    expect(toDewpointError(new Error('query failed', { cause: error })).code).toBe('database.unavailable')
  })

  it('calls everything else internal, keeps the cause, and tells clients nothing of it', () => {
    const cause = new Error('password=hunter2')
    const mapped = toDewpointError(cause)
    expect(mapped).toMatchObject({ code: 'internal', cause })
    expect(JSON.stringify(toErrorDetails(mapped))).not.toContain('hunter2')
  })
})
