// The core's view of the stored files: its paths, each file's SHA-256 checked on every load. A damaged file is thrown away, so
// that fetching again mends it.

import type { ExternalData, ModelFiles } from '#diffusion/runtime/runtime.ts'
import { sha256Hex } from '#recipes/hash.ts'
import { DeviceError } from '../device-error.ts'
import type { ChosenFiles } from './choose-files.ts'
import type { WeightStore } from './weight-store.ts'

/** readBytes throws a DeviceError `weights-missing` or `stored-file-corrupt`. */
export function readWeights(store: WeightStore, { files }: ChosenFiles): ModelFiles {
  const byPath = new Map(files.map((file) => [file.path, file]))
  const external = new Map<string, readonly ExternalData[]>()

  const read = async (path: string) => {
    const file = byPath.get(path)
    if (file === undefined) throw new RangeError(`The model has no ${path}`)
    const bytes = await store.read(file.sha256)
    if (bytes === null || bytes.length < file.sizeBytes) {
      throw new DeviceError('weights-missing', `${path}: ${bytes?.length ?? 0} of ${file.sizeBytes} bytes are stored`)
    }
    const found = await sha256Hex(bytes)
    if (found === file.sha256) return bytes
    await store.remove(file.sha256)
    throw new DeviceError('stored-file-corrupt', `${path} should be ${file.sha256}, is ${found}`)
  }

  return {
    has: async (path) => byPath.has(path),
    async readBytes(path) {
      const bytes = await read(path)
      const beside: ExternalData[] = []
      for (const { path: at } of files.filter((file) => file.path.startsWith(`${path}/`))) {
        beside.push({ path: at.slice(path.length + 1), data: await read(at) })
      }
      external.set(path, beside)
      return bytes
    },
    takeExternalData(path) {
      const taken = external.get(path) ?? []
      external.delete(path)
      return taken
    },
  }
}
