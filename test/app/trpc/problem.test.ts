import { TRPCClientError } from '@trpc/client'
import { describe, expect, it } from 'vitest'
import { en } from '#app/messages/en.ts'
import { isTransient, problemText } from '#app/trpc/problem.ts'
import { ERRORS, type ErrorCode } from '#contracts/errors.ts'

describe('problemText', () => {
  const failure = (code: ErrorCode, detail: string | null): TRPCClientError<never> => {
    const { userMessage, retryable } = ERRORS[code]
    const shape = {
      message: detail ?? userMessage,
      code: -32000,
      data: { dewpoint: { code, userMessage, retryable, detail } },
    }
    return TRPCClientError.from({ error: shape }) as TRPCClientError<never>
  }

  it('uses the error table’s words', () => {
    expect(problemText(failure('quota.exhausted', null))).toBe(ERRORS['quota.exhausted'].userMessage)
  })
  it('names the rule that was broken', () => {
    expect(problemText(failure('input.invalid', 'Steps are 1 to 150'))).toBe('Steps are 1 to 150')
  })
  it('keeps inner details of other failures to itself', () => {
    expect(problemText(failure('internal', 'connection to 10.0.0.3 refused'))).toBe(ERRORS.internal.userMessage)
  })
  it('says so when nobody answered, and counts that as worth another try', () => {
    const silent = TRPCClientError.from(new TypeError('fetch failed'))
    expect(problemText(silent)).toBe(en.problem.network)
    expect(isTransient(silent)).toBe(true)
    expect(isTransient(failure('input.invalid', null))).toBe(false)
    expect(isTransient(failure('database.unavailable', null))).toBe(true)
  })
})
