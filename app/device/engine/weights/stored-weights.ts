// Which models' weights are on this device: one note per release, beside files that are named by their hash. Notes outlive the
// release on the server, so old weights are found and removed too.
import { z } from 'zod'
import type { ModelManifest } from '#contracts/model-manifest.ts'
import { sha256Schema } from '#contracts/recipe.ts'
import type { StoredWeights } from '../device-engine.ts'
import { DeviceError } from '../device-error.ts'
import type { ChosenFiles } from './choose-files.ts'
import type { WeightStore } from './weight-store.ts'

const noteSchema = z.object({
  modelId: z.string(),
  modelHash: sha256Schema,
  modelName: z.string(),
  files: z.array(z.object({ sha256: sha256Schema, sizeBytes: z.int().nonnegative() })),
  lastUsedAt: z.iso.datetime(),
})
type Note = z.infer<typeof noteSchema>

const PREFIX = 'model-'
const nameOf = (note: { readonly modelHash: string }) => `${PREFIX}${note.modelHash}`

/** Notes that a release is on this device and was used now. Two precisions of one release are one entry. */
export async function noteUse(store: WeightStore, model: ModelManifest, chosen: ChosenFiles): Promise<void> {
  const before = (await readNotes(store)).find(({ modelHash }) => modelHash === model.hash)
  const files = new Map([...(before?.files ?? []), ...chosen.files].map((file) => [file.sha256, file.sizeBytes]))
  const note: Note = {
    modelId: model.id,
    modelHash: model.hash,
    modelName: model.name,
    files: Array.from(files, ([sha256, sizeBytes]) => ({ sha256, sizeBytes })),
    lastUsedAt: new Date().toISOString(),
  }
  await store.writeRecord(nameOf(note), note)
}

/** Last used first. */
export async function listStoredWeights(store: WeightStore): Promise<StoredWeights[]> {
  const listed: StoredWeights[] = []
  for (const { modelId, modelHash, modelName, files, lastUsedAt } of await readNotes(store)) {
    let bytes = 0
    let present = 0
    let complete = true
    for (const { sha256, sizeBytes } of files) {
      const size = await store.size(sha256)
      bytes += size
      present += Number(size > 0)
      complete &&= size === sizeBytes
    }
    listed.push({ modelId, modelHash, modelName, files: present, bytes, complete, lastUsedAt })
  }
  return listed.sort((a, b) => (a.lastUsedAt < b.lastUsedAt ? 1 : -1))
}

/** @throws DeviceError `in-use` while a tab is downloading one of the files; nothing is removed then. */
export async function evictWeights(store: WeightStore, modelIdOrHash: string): Promise<void> {
  const notes = await readNotes(store)
  const going = notes.filter(({ modelId, modelHash }) => modelId === modelIdOrHash || modelHash === modelIdOrHash)
  const kept = new Set(notes.filter((note) => !going.includes(note)).flatMap(({ files }) => files.map(shaOf)))
  const files = [...new Set(going.flatMap((note) => note.files.map(shaOf)))].filter((sha256) => !kept.has(sha256))
  const busy = await store.busy()
  if (files.some((sha256) => busy.has(sha256))) {
    throw new DeviceError('in-use', `${modelIdOrHash} is being downloaded`)
  }
  const { signal } = new AbortController()
  for (const sha256 of files) await store.exclusive(sha256, signal, () => store.remove(sha256))
  for (const note of going) await store.removeRecord(nameOf(note))
}

const shaOf = ({ sha256 }: { readonly sha256: string }) => sha256

async function readNotes(store: WeightStore): Promise<Note[]> {
  const records = await store.records(PREFIX)
  return [...records.values()].flatMap((record) => {
    const parsed = noteSchema.safeParse(record)
    return parsed.success ? [parsed.data] : []
  })
}
