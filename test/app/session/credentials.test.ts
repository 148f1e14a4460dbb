import { describe, expect, it } from 'vitest'
import { checkCredentials, refusal } from '#app/session/credentials.ts'

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
