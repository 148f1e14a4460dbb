import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LockedError, takeLock } from '../../scripts/lib/lock.mjs'

describe('a lock file', () => {
  let folder: string
  let path: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dewpoint-lock-'))
    path = join(folder, 'deep', 'test.lock')
  })
  afterEach(() => rm(folder, { recursive: true }))

  it('names its owner and what it said of itself, and refuses a second', async () => {
    await takeLock(path, { facts: { url: 'http://localhost:3000' } })
    const refused = await takeLock(path).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(LockedError)
    expect(refused).toMatchObject({ owner: { pid: process.pid, url: 'http://localhost:3000' } })
  })

  it('is free again after release, and leaves nothing else behind', async () => {
    const lock = await takeLock(path)
    lock.release()
    const again = await takeLock(path)
    again.release()
    expect(await readdir(join(folder, 'deep'))).toEqual([])
  })

  it('is taken over from an owner that is gone', async () => {
    const child = spawn(process.execPath, ['-e', ''])
    await once(child, 'exit')
    await takeLock(path).then((lock) => lock.release())
    await writeFile(path, JSON.stringify({ pid: child.pid }))
    await takeLock(path)
    expect(JSON.parse(await readFile(path, 'utf8')).pid).toBe(process.pid)
  })

  it.runIf(process.platform === 'linux')('is not held by another process that happens to have the id', async () => {
    await takeLock(path).then((lock) => lock.release())
    await writeFile(path, JSON.stringify({ pid: process.pid, startedAtTick: '1' }))
    await expect(takeLock(path)).resolves.toBeDefined()
  })

  it('is waited for as long as asked', async () => {
    const lock = await takeLock(path)
    setTimeout(() => lock.release(), 300)
    await expect(takeLock(path, { waitMs: 5_000 })).resolves.toBeDefined()
  })
})
