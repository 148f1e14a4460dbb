import { describe, expect, it } from 'vitest'
import { isCommonPassword } from '#server/auth/common-password.ts'

describe('a password', () => {
  it.each([
    '1234567890',
    '0987654321',
    '123123123123',
    'aaaaaaaaaa',
    'abcabcabcabc',
    'qwertyuiop',
    'qwertyuiop123',
    'asdfghjkl123',
    'password123',
    'Password1234!',
    'P@ssw0rd123',
    'passwordpassword',
    'iloveyou123',
    'letmein12345',
    'welcome2024!',
    'administrator',
    'dewpoint2026',
    'summer2026!!',
    'abcdefghij',
    'qwerty123456',
    '12345678910',
  ])('is refused when it is the first anybody would try: %s', (password) => {
    expect(isCommonPassword(password)).toBe(true)
  })

  it('is refused when it is the address or the name with digits', () => {
    expect(isCommonPassword('lovelace1815', ['lovelace'])).toBe(true)
    expect(isCommonPassword('lovelace1815', ['babbage'])).toBe(false)
  })

  it.each([
    'correct horse battery',
    'tacos at the beach',
    'zq8#kd2_mv',
    'Wanderschuhe im Regen',
    'my password is a fox',
    '7391846205837461',
    '東京タワーのしたでねるねこ',
  ])('is taken when it is not: %s', (password) => expect(isCommonPassword(password)).toBe(false))
})
