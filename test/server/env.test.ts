import { describe, expect, it } from 'vitest'
import { parseServerEnv } from '#server/env.ts'

const GOOD = {
  DATABASE_URL: 'postgresql://u:p@127.0.0.1:5432/d',
  S3_BUCKET: 'pictures',
  S3_ACCESS_KEY_ID: 'key',
  S3_SECRET_ACCESS_KEY: 'secret',
  APP_URL: 'http://localhost:3000',
  AUTH_SECRET: 'a'.repeat(43),
  WORKER_TOKEN: 'b'.repeat(43),
}

describe('the server environment', () => {
  it('fills in what has a sensible default', () => {
    expect(parseServerEnv(GOOD)).toMatchObject({
      S3_REGION: 'us-east-1',
      S3_FORCE_PATH_STYLE: true,
      GUEST_DAILY_IMAGES: 20,
      USER_DAILY_IMAGES: 200,
      AUTH_RATE_LIMIT: 'on',
      TRUSTED_PROXIES: [],
    })
  })

  it('names every wrong variable in one message, and no value', () => {
    const parse = () =>
      parseServerEnv({
        ...GOOD,
        DATABASE_URL: 'mysql://x',
        AUTH_SECRET: 'hunter2',
        S3_BUCKET: '',
        APP_URL: 'localhost',
      })
    expect(parse).toThrow(/DATABASE_URL: .*S3_BUCKET: .*APP_URL: .*AUTH_SECRET: /s)
    expect(parse).not.toThrow(/hunter2|mysql:/)
  })

  it('reads the list of trusted proxies', () => {
    expect(parseServerEnv({ ...GOOD, TRUSTED_PROXIES: '10.0.0.0/8, 192.0.2.1' }).TRUSTED_PROXIES).toEqual([
      '10.0.0.0/8',
      '192.0.2.1',
    ])
  })
})
