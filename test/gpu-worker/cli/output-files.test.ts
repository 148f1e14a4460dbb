import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type GenerateArguments, parseGenerateArguments } from '#worker/cli/arguments.ts'
import { chooseOutputs, writeOutput } from '#worker/cli/output-files.ts'

describe('where pictures go', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dewpoint-out-'))
  })
  afterEach(() => rm(folder, { recursive: true }))
  const args = (...words: string[]): GenerateArguments => {
    const parsed = parseGenerateArguments(words)
    if (parsed === null) throw new Error('help was asked for')
    return parsed
  }

  it('is a name made of prompt and seed unless one is given', async () => {
    expect(await chooseOutputs(args('A panda, eating TACOS!'), [7])).toEqual(['a-panda-eating-tacos-7.png'])
    expect(await chooseOutputs(args('???'), [7])).toEqual(['picture-7.png'])
  })

  it('is the given file, with the seed before its extension when there are several', async () => {
    const out = join(folder, 'panda.png')
    expect(await chooseOutputs(args('p', '--out', out), [7])).toEqual([out])
    expect(await chooseOutputs(args('p', '--out', out), [7, 8])).toEqual([
      join(folder, 'panda-7.png'),
      join(folder, 'panda-8.png'),
    ])
  })

  it('is refused when it exists, is no PNG, has no folder, or is named twice', async () => {
    const out = join(folder, 'panda.png')
    await writeFile(out, 'mine')
    await expect(chooseOutputs(args('p', '--out', out), [7])).rejects.toThrow(/exists.*--force/)
    await expect(chooseOutputs(args('p', '--out', out, '--force'), [7])).resolves.toEqual([out])
    await expect(chooseOutputs(args('p', '--out', 'panda.jpg'), [7])).rejects.toThrow(/PNG files/)
    await expect(chooseOutputs(args('p', '--out', join(folder, 'no', 'p.png')), [7])).rejects.toThrow(/no folder/)
    await expect(chooseOutputs(args('p', '--out', out, '--force'), [7, 7])).rejects.toThrow(/each seed once/)
  })

  it('never loses a file that appeared meanwhile, and leaves no draft behind', async () => {
    const out = join(folder, 'panda.png')
    await writeFile(out, 'mine')
    await expect(writeOutput(out, new Uint8Array([1]), false)).rejects.toThrow(/exists/)
    expect(await readFile(out, 'utf8')).toBe('mine')
    await writeOutput(out, new Uint8Array([1, 2]), true)
    expect([...(await readFile(out))]).toEqual([1, 2])
    expect(await readdir(folder)).toEqual(['panda.png'])
  })
})
