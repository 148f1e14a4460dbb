// What the interface says: times, devices, refusals, failures.
import { TRPCClientError } from '@trpc/client'
import { describe, expect, it } from 'vitest'
import { en } from '#app/messages/en.ts'
import { checkCredentials, refusal } from '#app/session/credentials.ts'
import { describeDevice } from '#app/session/describe-device.ts'
import { isTransient, problemText } from '#app/trpc/problem.ts'
import { relativeTime } from '#app/ui/relative-time.ts'
import { ERRORS, type ErrorCode } from '#contracts/errors.ts'

describe('relativeTime', () => {
  const now = new Date('2026-11-23T18:00:00Z')
  it.each([
    ['2026-11-23T17:59:40Z', 'now'],
    ['2026-11-23T17:55:00Z', '5 minutes ago'],
    ['2026-11-23T15:10:00Z', '2 hours ago'],
    ['2026-11-22T17:00:00Z', 'yesterday'],
    ['2026-10-02T12:00:00Z', 'Oct 2, 2026'],
  ])('says when %s was: %s', (iso, words) => {
    expect(relativeTime(new Date(iso), now, 'en')).toBe(words)
  })
})

describe('describeDevice', () => {
  it.each([
    ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox on Linux'],
    ['Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1', 'Safari on iPhone'],
    ['Mozilla/5.0 (Linux; Android 16) Chrome/150.0.0.0 Mobile Safari/537.36', 'Chrome on Android'],
    ['Mozilla/5.0 (Windows NT 10.0) Chrome/150.0.0.0 Safari/537.36 Edg/150.0.0.0', 'Edge on Windows'],
    ['curl/8.0', null],
    [null, null],
  ])('%s', (userAgent, name) => {
    expect(describeDevice(userAgent)).toBe(name)
  })
})

describe('checkCredentials', () => {
  const good = { name: 'Ana', email: ' ana@example.com ', password: 'correct horse' }
  it('finds nothing wrong with a name, an address and eight characters', () => {
    expect(checkCredentials('sign-up', good)).toEqual({})
  })
  it('names every field that is wrong', () => {
    expect(Object.keys(checkCredentials('sign-up', { name: ' ', email: 'ana', password: 'short' }))).toEqual([
      'name',
      'email',
      'password',
    ])
  })
  it('asks no name of someone who signs in', () => {
    expect(checkCredentials('sign-in', { ...good, name: '' })).toEqual({})
  })
})

describe('refusal', () => {
  it('does not say which of email and password was wrong', () => {
    expect(refusal({ status: 401, code: 'INVALID_EMAIL_OR_PASSWORD' })).toEqual({
      form: 'Email or password is not right.',
    })
  })
  it('tells a busy server from a missing one', () => {
    expect(refusal({ status: 429 }).form).toContain('Wait a minute')
    expect(refusal({ status: 0 }).form).toContain('did not answer')
  })
})

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

describe('the catalogue', () => {
  it('counts like a person', () => {
    expect(en.image.deleted(1)).toBe('Picture deleted')
    expect(en.image.deleted(3)).toBe('3 pictures deleted')
    expect(en.image.ahead(0)).toBe('Next in line')
    expect(en.image.ahead(2)).toBe('2 pictures ahead')
  })

  it('does not shout', () => {
    const sentences = (value: unknown): string[] =>
      typeof value === 'string'
        ? [value]
        : value !== null && typeof value === 'object'
          ? Object.values(value).flatMap(sentences)
          : []
    expect(sentences(en).filter((text) => /!|oops/i.test(text))).toEqual([])
  })
})
