import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findInstalledModel, listInstalledModels, verifyModel } from '#worker/models/installed-models.ts'
import { openModelFolder } from '#worker/models/model-folder.ts'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

describe('installed models', () => {
  let dir: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'dewpoint-models-'))
  })
  afterEach(() => rm(dir, { recursive: true }))

  /** A folder with one file and a manifest that tells the truth about it unless `claim` says otherwise. */
  async function install(id: string, claim: { fileSha256?: string; hash?: string } = {}): Promise<void> {
    const folder = join(dir, id)
    await mkdir(join(folder, 'unet'), { recursive: true })
    await writeFile(join(folder, 'unet', 'model.onnx'), 'weights')
    const fileSha256 = claim.fileSha256 ?? sha256('weights')
    const manifest = {
      manifestVersion: 1,
      id,
      name: id,
      summary: 'For a test',
      license: 'MIT',
      family: 'dewpoint',
      sizes: [{ width: 64, height: 64 }],
      fixedSize: true,
      defaults: { steps: 1, guidanceScale: 1, sampler: 'ddim', schedule: 'automatic' },
      latentRgb: { weights: [[1, 0, 0]], bias: [0, 0, 0], psnrDb: 20 },
      examples: ['a panda'],
      files: { 'unet/model.onnx': { sha256: fileSha256, sizeBytes: 7 } },
      hash: claim.hash ?? sha256(`unet/model.onnx ${fileSha256}\n`),
    }
    await writeFile(join(folder, 'dewpoint.json'), JSON.stringify(manifest))
  }

  it('are the folders with a manifest, the one trained here first', async () => {
    await install('another')
    await install('dewpoint')
    await mkdir(join(dir, 'no-manifest'))
    const ids = (await listInstalledModels(dir)).map(({ manifest }) => manifest.id)
    expect(ids).toEqual(['dewpoint', 'another'])
    expect((await findInstalledModel(dir, undefined)).manifest.id).toBe('dewpoint')
  })

  it('are named when an unknown one is asked for', async () => {
    await install('another')
    await expect(findInstalledModel(dir, 'magic')).rejects.toThrow(/Unknown model "magic".*installed: another/)
  })

  it('pass when every byte is what the manifest says', async () => {
    await install('true')
    await expect(verifyModel(await findInstalledModel(dir, 'true'))).resolves.toBeUndefined()
  })

  it('are refused when a file was changed, is missing, or the list itself was changed', async () => {
    await install('changed', { fileSha256: sha256('other weights') })
    await expect(verifyModel(await findInstalledModel(dir, 'changed'))).rejects.toThrow(/unet\/model.onnx has SHA-256/)
    await install('relisted', { hash: sha256('something else') })
    await expect(verifyModel(await findInstalledModel(dir, 'relisted'))).rejects.toThrow(/file list has SHA-256/)
    await install('gone')
    await rm(join(dir, 'gone', 'unet', 'model.onnx'))
    await expect(verifyModel(await findInstalledModel(dir, 'gone'))).rejects.toThrow(/lacks unet\/model.onnx/)
  })

  it('give no file outside their folder, whatever a manifest names', () => {
    const files = openModelFolder(dir)
    expect(() => files.pathOf('../secrets.json')).toThrow(/outside the model folder/)
    expect(() => files.pathOf('unet/../../secrets.json')).toThrow(/outside the model folder/)
    expect(() => files.pathOf('/etc/passwd')).toThrow(/outside the model folder/)
  })
})
