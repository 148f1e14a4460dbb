// Model files in memory, for windows without a file system of their own: the next visit transfers them again.
import type { WeightStore } from './weight-store.ts'

export function createMemoryStore(): WeightStore {
  const files = new Map<string, Uint8Array<ArrayBuffer>[]>()
  const notes = new Map<string, unknown>()
  const sizeOf = (sha256: string) => (files.get(sha256) ?? []).reduce((sum, { length }) => sum + length, 0)
  return {
    keeps: false,
    // Other tabs have memories of their own, and one worker fetches a file once at a time.
    exclusive: (_sha256, _signal, work) => work(),
    busy: async () => new Set(),
    size: async (sha256) => sizeOf(sha256),
    async append(sha256) {
      const parts = files.get(sha256) ?? []
      files.set(sha256, parts)
      return {
        position: sizeOf(sha256),
        write: (chunk) => void parts.push(chunk),
        close: () => undefined,
      }
    },
    async read(sha256) {
      const parts = files.get(sha256)
      if (parts === undefined) return null
      const whole = new Uint8Array(await new Blob(parts).arrayBuffer())
      // One copy is enough.
      parts.splice(0, parts.length, whole)
      return whole
    },
    remove: async (sha256) => void files.delete(sha256),
    records: async (prefix) => new Map([...notes].filter(([name]) => name.startsWith(prefix))),
    writeRecord: async (name, value) => void notes.set(name, value),
    removeRecord: async (name) => void notes.delete(name),
  }
}
