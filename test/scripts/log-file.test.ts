import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openLogFile } from '../../scripts/lib/log-file.ts'

describe('a log file', () => {
  let folder: string
  let path: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dewpoint-log-'))
    path = join(folder, 'web.log')
  })
  afterEach(() => rm(folder, { recursive: true }))

  it('is put aside at its limit, and only so many are kept', async () => {
    const log = openLogFile(path, { maxBytes: 25, kept: 2 })
    for (let line = 0; line < 10; line += 1) log.write(`line ${line}: ab\n`)
    log.end()
    await expect.poll(async () => (await stat(path)).size).toBe(22)
    expect((await readdir(folder)).sort()).toEqual(['web.log', 'web.log.1', 'web.log.2'])
    expect(await readFile(path, 'utf8')).toBe('line 8: ab\nline 9: ab\n')
    expect(await readFile(`${path}.2`, 'utf8')).toBe('line 4: ab\nline 5: ab\n')
  })

  it('goes on where it was, and is closed to others, also one that was open', async () => {
    await writeFile(path, 'before\n')
    await chmod(path, 0o644)
    const log = openLogFile(path)
    log.write('after\n')
    log.end()
    await expect.poll(() => readFile(path, 'utf8')).toBe('before\nafter\n')
    expect((await stat(path)).mode & 0o777).toBe(0o600)
  })

  it('does not end who writes when it cannot be written', async () => {
    const log = openLogFile(join(folder, 'missing', 'web.log'))
    log.write('lost\n')
    log.end()
    log.write('after its end\n')
    await expect.poll(() => readdir(folder)).toEqual([])
  })
})
