import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ModelManifest } from '#contracts/model-manifest.ts'
import type { Container } from '#server/container.ts'
import { serveModelFile } from '#server/http/serve-model-file.ts'
import { installedModels } from '#server/model-folder/installed-models.ts'

describe('a model’s file', () => {
  let root: string
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'dewpoint-models-'))
    for (const [path, text] of [
      ['teacher/unet/model.onnx', 'the teacher’s'],
      ['teacher/text_encoder/model.onnx', 'of both'],
      ['student/unet/model.onnx', 'the student’s'],
    ] as const) {
      await mkdir(join(root, path, '..'), { recursive: true })
      await writeFile(join(root, path), text)
    }
  })
  afterAll(() => rm(root, { recursive: true }))

  const manifest = (id: string, files: ModelManifest['files']) => ({ id, files, hash: 'f'.repeat(64) }) as ModelManifest
  const file = (from?: string) => ({ sha256: '0'.repeat(64), sizeBytes: 1, ...(from !== undefined && { from }) })
  const get = (path: string) => {
    const student = manifest('student', {
      'unet/model.onnx': file(),
      'text_encoder/model.onnx': file('teacher'),
    })
    const deps = { models: installedModels([student], root) }
    const container = { deps, closing: new AbortController().signal } as Container
    const request = new Request(`http://localhost/api/models/student/${path}`)
    return serveModelFile(async () => container, request, 'student', path)
  }

  it('comes from the model’s own folder, or from that of the model it is shared with', async () => {
    expect(await (await get('unet/model.onnx')).text()).toBe('the student’s')
    expect(await (await get('text_encoder/model.onnx')).text()).toBe('of both')
  })

  it('is not found where the manifest does not list it, though it lies on the disk', async () => {
    const answer = await get('../teacher/unet/model.onnx')
    expect(answer.status).toBe(404)
  })
})
