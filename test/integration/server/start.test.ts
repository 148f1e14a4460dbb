import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'

describe('the web process', () => {
  it('ends with the list of what is wrong in its environment, instead of serving errors', () => {
    const module = new URL('../../../server/start.ts', import.meta.url).href
    const { status, stderr } = spawnSync(
      process.execPath,
      ['--input-type=module', '-e', `await (await import(${JSON.stringify(module)})).startServer()`],
      { env: { NODE_ENV: 'production', PATH: process.env.PATH, APP_URL: 'nope' }, encoding: 'utf8', timeout: 30_000 },
    )
    expect(status).toBe(1)
    expect(stderr).toMatch(/The website cannot start\. .*DATABASE_URL: .*S3_BUCKET: .*APP_URL: .*WORKER_TOKEN: /s)
  })
})
