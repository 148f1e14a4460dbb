import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isInstalled } from '../../scripts/lib/install.mjs'

const PACKAGES = {
  'node_modules/a': { version: '1.0.0' },
  'node_modules/b': { version: '2.0.0' },
  'node_modules/elsewhere': { version: '3.0.0', optional: true, os: ['aix'] },
}

describe('whether the packages are installed', () => {
  let root: string
  const record = () => join(root, 'node_modules/.package-lock.json')
  const { 'node_modules/elsewhere': _elsewhere, ...here } = PACKAGES
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'dewpoint-install-'))
    await writeFile(join(root, 'package-lock.json'), JSON.stringify({ packages: { '': {}, ...PACKAGES } }))
    for (const path of Object.keys(here)) {
      await mkdir(join(root, path), { recursive: true })
      await writeFile(join(root, path, 'package.json'), '{}')
    }
    await writeFile(record(), JSON.stringify({ packages: here }))
  })
  afterEach(() => rm(root, { recursive: true }))

  it('is true when every package for this machine is there', () => {
    expect(isInstalled(root)).toBe(true)
  })

  it.each([
    ['npm was stopped before its record', () => rm(record())],
    ['npm was stopped in the middle of its record', () => writeFile(record(), '{"packages": {"node_mod')],
    ['a package was only begun', () => rm(join(root, 'node_modules/b/package.json'))],
    ['somebody emptied the folder', () => rm(join(root, 'node_modules'), { recursive: true })],
    [
      'a package is of another version',
      () => writeFile(record(), JSON.stringify({ packages: { ...here, 'node_modules/b': { version: '1.9.0' } } })),
    ],
  ])('is false when %s', async (_what, change) => {
    await change()
    expect(isInstalled(root)).toBe(false)
  })
})
