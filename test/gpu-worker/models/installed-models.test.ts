import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findInstalledModel, listInstalledModels, verifyModel } from '#worker/models/installed-models.ts'
import { openModelFolder } from '#worker/models/model-folder.ts'
import { findRemovable } from '#worker/models/remove-model.ts'

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

  it('may share files of the model beside them, which count as their own', async () => {
    await install('lender')
    await install('borrower')
    const manifest = JSON.parse(await readFile(join(dir, 'borrower', 'dewpoint.json'), 'utf8'))
    manifest.files['unet/model.onnx'].from = 'lender'
    await writeFile(join(dir, 'borrower', 'dewpoint.json'), JSON.stringify(manifest))
    await rm(join(dir, 'borrower', 'unet'), { recursive: true })
    const borrower = await findInstalledModel(dir, 'borrower')
    expect(borrower.files.pathOf('unet/model.onnx')).toBe(join(dir, 'lender', 'unet', 'model.onnx'))
    expect(await borrower.files.has('unet/model.onnx')).toBe(true)
    await expect(verifyModel(borrower)).resolves.toBeUndefined()
    await writeFile(join(dir, 'lender', 'unet', 'model.onnx'), 'other weights')
    await expect(verifyModel(borrower)).rejects.toThrow(/unet\/model.onnx has SHA-256/)
  })

  it('share from no folder but a model’s', async () => {
    await install('reader')
    const manifest = JSON.parse(await readFile(join(dir, 'reader', 'dewpoint.json'), 'utf8'))
    manifest.files['unet/model.onnx'].from = '../secrets'
    await writeFile(join(dir, 'reader', 'dewpoint.json'), JSON.stringify(manifest))
    await expect(listInstalledModels(dir)).rejects.toThrow(/is not a manifest/)
  })

  it('cannot be removed while another model shares their files', async () => {
    await install('first')
    await install('lender')
    await install('second')
    const manifest = JSON.parse(await readFile(join(dir, 'second', 'dewpoint.json'), 'utf8'))
    manifest.files['unet/model.onnx'].from = 'lender'
    await writeFile(join(dir, 'second', 'dewpoint.json'), JSON.stringify(manifest))
    await expect(findRemovable(dir, 'lender', true)).rejects.toThrow(/second shares files of lender/)
    expect((await findRemovable(dir, 'second', true)).sizeBytes).toBe(0)
  })

  it('give no file outside their folder, whatever a manifest names', () => {
    const files = openModelFolder(dir)
    expect(() => files.pathOf('../secrets.json')).toThrow(/outside the model folder/)
    expect(() => files.pathOf('unet/../../secrets.json')).toThrow(/outside the model folder/)
    expect(() => files.pathOf('/etc/passwd')).toThrow(/outside the model folder/)
  })
})
