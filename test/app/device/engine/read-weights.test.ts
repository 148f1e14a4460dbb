import { describe, expect, it } from 'vitest'
import { createMemoryStore } from '#app/device/engine/weights/memory-store.ts'
import { readWeights } from '#app/device/engine/weights/read-weights.ts'
import { sha256Hex } from '#recipes/hash.ts'

const bytesOf = (text: string) => new TextEncoder().encode(text)

async function stored(contents: Readonly<Record<string, string>>) {
  const store = createMemoryStore()
  const files = []
  for (const [path, text] of Object.entries(contents)) {
    const bytes = bytesOf(text)
    const sha256 = await sha256Hex(bytes)
    const writer = await store.append(sha256)
    writer.write(bytes)
    writer.close()
    files.push({ path, source: path, sha256, sizeBytes: bytes.length })
  }
  return { store, chosen: { variant: 'fp16' as const, files } }
}

describe('stored weights', () => {
  it('come with the files a graph keeps weights in, once, and under the name it gives them', async () => {
    const { store, chosen } = await stored({
      'unet/model.onnx': 'a graph',
      'unet/model.onnx/model.onnx': 'its weights',
      'vae_decoder/model.onnx': 'whole',
    })
    const files = readWeights(store, chosen)
    expect(await files.readBytes('unet/model.onnx')).toEqual(bytesOf('a graph'))
    expect(files.takeExternalData?.('unet/model.onnx')).toEqual([{ path: 'model.onnx', data: bytesOf('its weights') }])
    expect(files.takeExternalData?.('unet/model.onnx')).toEqual([])
    await files.readBytes('vae_decoder/model.onnx')
    expect(files.takeExternalData?.('vae_decoder/model.onnx')).toEqual([])
  })

  it('are refused, and thrown away, where weights beside a graph are damaged', async () => {
    const { store, chosen } = await stored({
      'unet/model.onnx': 'a graph',
      'unet/model.onnx/model.onnx': 'its weights',
    })
    const damaged = chosen.files.map((file, i) => (i === 0 ? file : { ...file, sha256: 'b'.repeat(64), sizeBytes: 3 }))
    const writer = await store.append('b'.repeat(64))
    writer.write(bytesOf('bad'))
    writer.close()
    const files = readWeights(store, { ...chosen, files: damaged })
    await expect(files.readBytes('unet/model.onnx')).rejects.toMatchObject({ code: 'stored-file-corrupt' })
    expect(await store.size('b'.repeat(64))).toBe(0)
  })
})
