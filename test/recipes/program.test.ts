import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { PROGRAM } from '#recipes/program.ts'

test('files say the version of the package that wrote them', async () => {
  const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string }
  expect(PROGRAM).toBe(`Dewpoint ${version}`)
})
